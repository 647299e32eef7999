// supervisors: children that die together, and one that is removed while its restart is put off
#include <chrono>
#include <cstdio>
#include <troupe/troupe.hpp>
using namespace std::chrono;
struct echo {
    using reply = int;
    int x;
};
troupe::task<> kid(troupe::mailbox<echo> in) {
    std::printf("  start of %s, incarnation %u\n", troupe::this_actor::name().c_str(),
                troupe::this_actor::incarnation());
    std::fflush(stdout);
    co_await in.serve([](echo e) { return e.x; });
}
double ms(steady_clock::time_point t) { return duration<double, std::milli>(steady_clock::now() - t).count(); }
troupe::task<int> program() {
    {
        std::puts("one_for_all, three die at once, one restart allowed");
        troupe::supervisor team({.strategy = troupe::restart_strategy::one_for_all, .max_restarts = 1});
        auto a = co_await team.spawn<kid>({.name = "a"});
        auto b = co_await team.spawn<kid>({.name = "b"});
        auto c = co_await team.spawn<kid>({.name = "c"});
        a.kill();
        b.kill();
        c.kill();
        try {
            int s = co_await a.ask(echo{1}, 3s) + co_await b.ask(echo{2}, 3s) + co_await c.ask(echo{3}, 3s);
            std::printf("alive: %d, restarts %zu\n", s, team.restarts());
        } catch (const troupe::error& e) {
            std::printf("gone: %s\n", e.what());
        }
        co_await team.stop();
    }
    {
        std::puts("rest_for_one, first and last die at once, one restart allowed");
        troupe::supervisor team({.strategy = troupe::restart_strategy::rest_for_one, .max_restarts = 1});
        auto a = co_await team.spawn<kid>({.name = "a"});
        auto b = co_await team.spawn<kid>({.name = "b"});
        auto c = co_await team.spawn<kid>({.name = "c"});
        c.kill();
        a.kill();
        try {
            int s = co_await a.ask(echo{1}, 3s) + co_await b.ask(echo{2}, 3s) + co_await c.ask(echo{3}, 3s);
            std::printf("alive: %d, restarts %zu\n", s, team.restarts());
        } catch (const troupe::error& e) {
            std::printf("gone: %s\n", e.what());
        }
        try {
            co_await team.stop();
        } catch (const troupe::error& e) {
            std::printf("stop: %s\n", e.what());
        }
    }
    {
        std::puts("remove during a back-off of 3 s");
        troupe::supervisor team({.max_restarts = 10, .back_off = 3s, .most_back_off = 3s});
        auto a = co_await team.spawn<kid>({.name = "flapping"});
        auto b = co_await team.spawn<kid>({.name = "steady"});
        a.kill();
        co_await troupe::sleep_for(100ms);  // first restart: at once
        a.kill();
        co_await troupe::sleep_for(100ms);  // second: put off by 1.5 to 3 s
        auto t0 = steady_clock::now();
        co_await team.remove(a);
        std::printf("remove took %.0f ms, restarts %zu\n", ms(t0), team.restarts());
        t0 = steady_clock::now();
        co_await team.stop();
        std::printf("stop took %.0f ms\n", ms(t0));
    }
    {
        std::puts("remove of a healthy one during the back-off of another");
        troupe::supervisor team({.max_restarts = 10, .back_off = 3s, .most_back_off = 3s});
        auto a = co_await team.spawn<kid>({.name = "flapping"});
        auto b = co_await team.spawn<kid>({.name = "steady"});
        a.kill();
        co_await troupe::sleep_for(100ms);
        a.kill();
        co_await troupe::sleep_for(100ms);
        auto t0 = steady_clock::now();
        co_await team.remove(b);
        std::printf("remove of the healthy one took %.0f ms\n", ms(t0));
        t0 = steady_clock::now();
        co_await team.stop();
        std::printf("stop took %.0f ms\n", ms(t0));
    }
    {
        std::puts("crash at start for ever");
        troupe::supervisor team({.max_restarts = 5, .back_off = 0s});
        auto a = co_await team.spawn<[](int) -> troupe::task<> {
            co_await troupe::sleep_for(1ms);
            std::abort();
        }>({.name = "loop"}, 1);
        try {
            co_await team.join();
            std::puts("joined?");
        } catch (const troupe::gave_up& g) {
            std::printf("%s; restarts %zu\n", g.what(), team.restarts());
        }
    }
    {
        std::puts("stop while the children crash");
        troupe::supervisor team({.max_restarts = 1000, .back_off = 0s});
        std::vector<troupe::actor<echo>> all;
        for (int i = 0; i < 6; ++i) all.push_back(co_await team.spawn<kid>({.name = "k" + std::to_string(i)}));
        for (auto& one : all) one.kill();
        auto t0 = steady_clock::now();
        co_await team.stop();
        std::printf("stop took %.0f ms\n", ms(t0));
        int alive = 0;
        for (auto& one : all) alive += one.alive();
        std::printf("alive %d\n", alive);
    }
    co_return 0;
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
