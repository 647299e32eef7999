// Ctrl-Z, then fg: is a worker with a message_deadline killed for the time it was stopped?
#include <unistd.h>
#include <cstdio>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
struct job {
    using reply = int;
    int n;
};
troupe::task<> w(troupe::mailbox<job> in) {
    co_await in.serve([](job j) -> troupe::task<int> {
        co_await troupe::sleep_for(500ms);
        co_return j.n;
    });
}
troupe::task<int> program() {
    auto a = co_await troupe::spawn<w>({.name = "w", .message_deadline = 1s});
    for (int i = 0; i < 4; ++i) {
        try {
            std::printf("%d\n", co_await a.ask(job{i}));
        } catch (const troupe::error& e) {
            std::printf("%d: %s\n", i, e.what());
            break;
        }
        std::fflush(stdout);
    }
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
