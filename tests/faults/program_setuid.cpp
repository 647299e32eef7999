// The program gives up root after it has started an actor: the keeper may not signal that actor any more.
#include <unistd.h>
#include <cstdio>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
troupe::task<> idle(troupe::mailbox<int> in) {
    while (co_await in.receive()) {
    }
}
troupe::task<int> program() {
    auto a = co_await troupe::spawn<idle>({.name = "a", .daemon = true});
    std::printf("actor %d\n", a.pid());
    std::fflush(stdout);
    if (setgid(65534) || setuid(65534)) std::perror("setuid");
    a.kill();
    bool late = false;
    try {
        co_await troupe::with_timeout(2s, a.join());
    } catch (const troupe::timed_out&) {
        late = true;
    }
    std::printf("2 s after kill(): %s\n", late ? "it lives, and nobody was told that it could not be killed" : "dead");
    std::fflush(stdout);
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
