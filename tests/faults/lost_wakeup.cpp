// Lost wake-up: interrupt() during a restart swallows later rings. Across a supervised restart. argv: [bytes of the
// worker's argument] [rounds]
#include <time.h>
#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
struct ping {
    int n;
    using reply = int;
};
struct stat_q {
    int n;
    using reply = int;
};

troupe::task<> worker(troupe::mailbox<ping> in, std::string) {
    for (bool again = true; again;) {
        again = false;
        try {
            co_await in.serve([](const ping& p) { return p.n; });
        } catch (const troupe::cancelled&) {
            again = true;
        }
    }
}
static void nap_us(long us) {
    timespec t{us / 1000000, us % 4000000 * 1000};
    nanosleep(&t, nullptr);
}

troupe::task<int> sender(troupe::actor<ping> w, int rounds, int step_us) {
    int hung = 0;
    for (int i = 0; i < rounds; ++i) {
        co_await w.ask(ping{i});
        co_await troupe::sleep_for(5ms);  // the worker parks
        w.kill();
        for (int n = 0; w.pid() != 0 && n < 2000; ++n) nap_us(100);  // it is gone
        for (int n = 0; w.pid() == 0 && n < 4000; ++n) {
            w.interrupt();
            nap_us(step_us);
        }  // while it is being started again
        co_await troupe::sleep_for(300ms);  // it is back, and has parked
        const auto t0 = std::chrono::steady_clock::now();
        bool late = false, late_again = false;
        try {
            co_await w.ask(ping{2000 + i}, 3s);
        } catch (const troupe::timed_out&) {
            late = true;
        }
        if (!late) continue;
        ++hung;
        std::printf("round %d: worker pid %d alive=%d has not answered in %.1f s\n", i, w.pid(), w.alive(),
                    std::chrono::duration<double>(std::chrono::steady_clock::now() - t0).count());
        try {
            co_await w.ask(ping{3000 + i}, 2s);
        } catch (const troupe::timed_out&) {
            late_again = true;
        }
        std::puts(late_again ? "   nor the next ask in 2 s" : "   (the next ask was answered)");
        std::fflush(stdout);
        break;
    }
    co_return hung;
}

troupe::task<int> program(std::vector<std::string> args) {
    const std::size_t bytes = args.size() > 0 ? std::strtoul(args[0].c_str(), nullptr, 10) : 0;
    const int rounds = args.size() > 1 ? std::atoi(args[1].c_str()) : 50;
    const int step = args.size() > 2 ? std::atoi(args[2].c_str()) : 2000;
    troupe::supervisor team({.max_restarts = 1000000, .window = 1s, .back_off = 0ns});
    auto w = co_await team.spawn<worker>({.name = "worker"}, std::string(bytes, 'x'));
    auto s = co_await troupe::spawn<sender>({.name = "sender"}, w, rounds, step);
    const auto end = co_await s.join();
    std::printf("sender: %s; restarts %zu\n", to_string(end).c_str(), team.restarts());
    try {
        std::printf("program asks: %d\n", co_await w.ask(ping{7}, 3s));
    } catch (const troupe::timed_out&) {
        std::puts("program's ask timed out too");
    }
    co_await team.stop();
    co_return end.code();
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
