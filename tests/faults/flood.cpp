#include <csignal>
// Does a flood of requests to the keeper keep it from seeing deaths and from freeing channels?
// argv: [floods] [kind: link|queue|pass]
#include <cstdio>
#include <cstdlib>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
using clk = std::chrono::steady_clock;
troupe::task<> idle(troupe::mailbox<int> in) {
    while (co_await in.receive()) {
    }
}
void link_flood(troupe::actor<> x, int ms) {
    const auto end = clk::now() + std::chrono::milliseconds(ms);
    while (clk::now() < end)
        for (int i = 0; i < 64; ++i) troupe::this_actor::unlink(x);
}
void queue_flood(int ms) {
    const auto end = clk::now() + std::chrono::milliseconds(ms);
    long n = 0;
    try {
        while (clk::now() < end) {
            troupe::queue<int> q({.capacity = 16});
            ++n;
        }
    } catch (const std::exception& e) {
        std::printf("queue flood, after %ld queues, one at a time: %s\n", n, e.what());
        std::fflush(stdout);
        return;
    }
    std::printf("queue flood: %ld queues\n", n);
}
troupe::task<int> program(std::vector<std::string> args) {
    const int floods = args.size() > 0 ? std::atoi(args[0].c_str()) : 3;
    const std::string kind = args.size() > 1 ? args[1] : "link";
    auto victim = co_await troupe::spawn<idle>({.name = "victim"});
    auto other = co_await troupe::spawn<idle>({.name = "other"});
    std::vector<troupe::actor<>> all;
    for (int i = 0; i < floods; ++i) {
        if (kind == "link")
            all.push_back(co_await troupe::spawn<link_flood>(troupe::actor<>(other), 8000));
        else
            all.push_back(co_await troupe::spawn<queue_flood>(8000));
    }
    co_await troupe::sleep_for(500ms);
    const auto t0 = clk::now();
    kill(victim.pid(), SIGKILL);
    auto status = co_await victim.join();
    std::printf("join of the killed actor took %.1f ms: %s\n",
                std::chrono::duration<double, std::milli>(clk::now() - t0).count(), to_string(status).c_str());
    for (auto& a : all) co_await a.join();
    other.kill();
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
