// what happens when a worker of a hand-written pool dies
#include <cstdio>
#include <troupe/troupe.hpp>
#include <vector>
using namespace std::chrono_literals;
troupe::task<> w(troupe::queue<int> in, troupe::queue<int> out) {
    while (auto i = co_await in.get()) {
        if (*i == 500) throw std::runtime_error("500 is bad");
        co_await out.put(*i * 2);
    }
}
troupe::task<int> program() {
    troupe::queue<int> in, out;
    for (int i = 0; i < 2; ++i) co_await troupe::spawn<w>(in, out);
    for (int i = 0; i < 1000; ++i) co_await in.put(i);
    in.close();
    int n = 0;
    for (; n < 1000; ++n) {
        if (!co_await out.get()) break;
    }
    std::printf("%d results\n", n);
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
