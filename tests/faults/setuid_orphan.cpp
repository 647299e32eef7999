// An actor that gives up root is not killed with the program: setuid clears PR_SET_PDEATHSIG.
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
troupe::task<> plain(troupe::mailbox<int> in) {
    while (co_await in.receive()) {
    }
}
troupe::task<> dropped(troupe::mailbox<int> in) {
    if (setgid(65534) != 0 || setuid(65534) != 0) std::perror("setuid");
    while (co_await in.receive()) {
    }
}
troupe::task<int> program() {
    auto a = co_await troupe::spawn<plain>({.name = "plain"});
    auto b = co_await troupe::spawn<dropped>({.name = "dropped"});
    co_await troupe::sleep_for(300ms);
    std::printf("%d %d %d\n", getpid(), a.pid(), b.pid());
    std::fflush(stdout);
    kill(getpid(), SIGKILL);
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
