// a program that is killed in the middle of a map, with large inputs and results on their way
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ranges>
#include <string>
#include <troupe/troupe.hpp>
#include <vector>
std::string work(int n) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(n % 200);
    while (std::chrono::steady_clock::now() < end) asm volatile("");
    return std::string(n % 7 == 0 ? 100'000 : 10, 'x');
}
troupe::task<int> program() {
    troupe::pool crew({.workers = 4});
    auto results = crew.map<work>(std::views::iota(0));
    for (int taken = 0;; ++taken) {
        const auto one = co_await results.next();
        if (taken == 1000) {
            std::printf("in the middle\n");
            std::fflush(stdout);
            std::raise(SIGKILL);
        }
    }
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
