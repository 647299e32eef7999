// Handles on their way make every death expensive for the keeper: channels without a holder times parcels.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
using clk = std::chrono::steady_clock;
struct take {
    troupe::queue<int> q;
};
troupe::task<> slow(troupe::mailbox<take, int> in) {
    while (co_await in.receive<int>()) {
    }
}
troupe::task<> idle(troupe::mailbox<int> in) {
    while (co_await in.receive()) {
    }
}
troupe::task<int> program(std::vector<std::string> args) {
    const int n = args.size() ? std::atoi(args[0].c_str()) : 4000;
    auto s = co_await troupe::spawn<slow>({.name = "slow", .mailbox = 8 << 20});
    for (int step = 0, sent = 0; step <= 4; ++step) {
        for (; sent < n * step / 4; ++sent) co_await s.send(take{troupe::queue<int>({.capacity = 16})});
        auto v = co_await troupe::spawn<idle>({.name = "victim"});
        co_await troupe::sleep_for(200ms);
        const auto t0 = clk::now();
        kill(v.pid(), SIGKILL);
        co_await v.join();
        const auto t1 = clk::now();
        auto x = co_await troupe::spawn<idle>();  // the next start needs the keeper
        x.kill();
        co_await x.join();
        std::printf("%d queues on their way: join of a killed actor %.1f ms, then spawn+kill+join %.1f ms\n", sent,
                    std::chrono::duration<double, std::milli>(t1 - t0).count(),
                    std::chrono::duration<double, std::milli>(clk::now() - t1).count());
        std::fflush(stdout);
    }
    s.kill();
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
