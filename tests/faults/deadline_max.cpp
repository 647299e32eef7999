// message_deadline = nanoseconds::max(), "as long as it likes"
#include <cstdio>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
struct ping {
    int n;
    using reply = int;
};
troupe::task<> worker(troupe::mailbox<ping> in) {
    co_await in.serve([](const ping& p) { return p.n; });
}
troupe::task<int> program() {
    for (auto d : {std::chrono::nanoseconds(std::chrono::hours(24 * 365 * 200)), std::chrono::nanoseconds::max()}) {
        auto w = co_await troupe::spawn<worker>({.name = "w", .message_deadline = d});
        co_await troupe::sleep_for(300ms);
        std::printf("deadline %lld h: alive=%d\n", (long long)std::chrono::duration_cast<std::chrono::hours>(d).count(),
                    w.alive());
        if (!w.alive()) std::printf("   %s\n", to_string(co_await w.join()).c_str());
        w.kill();
    }
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
