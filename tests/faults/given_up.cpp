// 1,000 requests to one actor that hangs, each given up at its deadline: then nobody can be asked any more.
#include <csignal>
#include <cstdio>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
struct ping {
    using reply = int;
};
troupe::task<> worker(troupe::mailbox<ping> in) {
    co_await in.serve([](const ping&) { return 1; });
}
troupe::task<int> program() {
    auto hung = co_await troupe::spawn<worker>({.name = "hung"});
    auto healthy = co_await troupe::spawn<worker>({.name = "healthy"});
    co_await healthy.ask(ping{});
    kill(hung.pid(), SIGSTOP);
    int timeouts = 0;
    for (int i = 0; i < 1000; ++i) {
        try {
            co_await hung.ask(ping{}, 1ms);
        } catch (const troupe::timed_out&) {
            ++timeouts;
        }
    }
    bool late = false;
    try {
        co_await healthy.ask(ping{}, 3s);
    } catch (const troupe::timed_out&) {
        late = true;
    }
    std::printf("%d heartbeats to the hung actor timed out; then the healthy one %s\n", timeouts,
                late ? "cannot be asked: timed_out after 3 s" : "answers");
    hung.kill();
    healthy.kill();
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
