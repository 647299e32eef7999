#include <cstdio>
#include <stdexcept>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
struct pic {
    int n;
    troupe::buffer b;
};
void thrower(int) { throw std::runtime_error("no such thing"); }
void crasher() { *(volatile int*)0 = 1; }
troupe::task<> taker(troupe::mailbox<pic> in) {
    co_await in.serve([](pic p) { std::printf("pic %d has %zu bytes\n", p.n, p.b.size()); });
}
troupe::task<int> program() {
    auto a = co_await troupe::spawn<thrower>(1);
    auto c = co_await troupe::spawn<crasher>();
    co_await troupe::sleep_for(300ms);
    std::printf("thrower: %s\n", to_string(co_await a.join()).c_str());
    auto t1 = co_await troupe::spawn<taker>();
    auto t2 = co_await troupe::spawn<taker>();
    const pic p{1, troupe::buffer(1000)};
    co_await t1.send(p);
    co_await t2.send(p);
    std::printf("mine: %zu\n", p.b.size());
    troupe::queue<std::string> q;
    co_await q.put("x");
    auto [x, y] = troupe::pipe<int, int>();
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
