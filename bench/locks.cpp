// What does a lock cost that nobody else wants, how often does it change hands between two processes, what does a
// barrier cost, and how long is it from the death of a holder until the next one has the lock?
//
// floor_locks measures the same of the C library's robust mutex and barrier.

#include <troupe/troupe.hpp>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"

namespace {

constexpr int in_a_row = 1000;

struct tally {
    std::uint64_t locks = 0;
    std::uint64_t changes = 0;  // of hands
    int last = 0;
};

troupe::task<bool> measure_alone(double seconds) {
    const troupe::shared<tally> one;
    bench::samples all;
    std::uint64_t count = 0;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    do {
        const std::int64_t start = bench::now_ns();
        for (int i = 0; i < in_a_row; ++i) {
            const auto inside = co_await one.lock();
            ++inside->locks;
            ++count;
        }
        all.add((bench::now_ns() - start) / in_a_row);
    } while (bench::now_ns() < end);
    const auto seen = one.peek();
    co_return bench::print(
        timed("locks", "lock and unlock, not contested", "ns", 1, all, seen && seen->locks == count ? 0 : 1));
}

troupe::task<> hammer(troupe::shared<tally> on, int self, std::int64_t end) {
    for (int i = 0; i % 64 != 0 || bench::now_ns() < end; ++i) {
        const auto inside = co_await on.lock();
        ++inside->locks;
        if (std::exchange(inside->last, self) != self) ++inside->changes;
    }
}

troupe::task<bool> measure_two(double seconds) {
    const troupe::shared<tally> one;
    const std::int64_t start = bench::now_ns();
    const std::int64_t end = start + static_cast<std::int64_t>(seconds * 1e9);
    const auto other = co_await troupe::spawn<hammer>(one, 1, end);
    co_await hammer(one, 2, end);
    co_await other.join();
    const std::int64_t took = bench::now_ns() - start;
    const auto seen = *one.peek();
    const bool right = bench::print({.program = "locks",
                                     .name = "changes of hands between 2",
                                     .unit = "M/s",
                                     .value = static_cast<double>(seen.changes) * 1e3 / static_cast<double>(took),
                                     .count = seen.changes});
    co_return bench::print({.program = "locks",
                            .name = "locks by 2",
                            .unit = "M/s",
                            .value = static_cast<double>(seen.locks) * 1e3 / static_cast<double>(took),
                            .count = seen.locks}) &&
        right;
}

troupe::task<> meet(troupe::barrier all, int rounds) {
    for (int i = 0; i < rounds; ++i) co_await all.arrive_and_wait();
}

troupe::task<bool> measure_barrier(std::size_t parties, int rounds) {
    const troupe::barrier all(parties);
    std::vector<troupe::actor<>> others;
    for (std::size_t i = 1; i < parties; ++i) others.push_back(co_await troupe::spawn<meet>(all, rounds));
    co_await all.arrive_and_wait();
    const std::int64_t start = bench::now_ns();
    co_await meet(all, rounds - 1);
    const std::int64_t took = bench::now_ns() - start;
    for (const auto& one : others) co_await one.join();
    co_return bench::print({.program = "locks",
                            .name = "barrier of " + std::to_string(parties),
                            .unit = "us",
                            .value = static_cast<double>(took) / 1e3 / (rounds - 1),
                            .count = static_cast<std::size_t>(rounds)});
}

troupe::task<> die_with(troupe::shared<tally> with) {
    const auto inside = co_await with.lock();
    co_await troupe::sleep_for(std::chrono::milliseconds(2));  // the next one waits by then, and sleeps
    inside->changes = static_cast<std::uint64_t>(bench::now_ns());
    kill(getpid(), SIGKILL);
}

troupe::task<bool> measure_death(double seconds) {
    const troupe::shared<tally> one;
    bench::samples all;
    std::size_t errors = 0;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    do {
        const auto victim = co_await troupe::spawn<die_with>(one);
        while (one.peek()) co_await troupe::yield();
        const auto inside = co_await one.lock();
        all.add(bench::now_ns() - static_cast<std::int64_t>(inside->changes));
        if (!inside.abandoned()) ++errors;
        co_await victim.join();
    } while (bench::now_ns() < end);
    co_return bench::print(timed("locks", "handed on from a dead holder", "us", 1e3, all, errors));
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.5};
    const auto code = bench::listen("What do locks and barriers cost?", std::move(arguments), told);
    if (code) co_return *code;
    bool right = co_await measure_alone(told.seconds);
    right = co_await measure_two(told.seconds) && right;
    right = co_await measure_barrier(2, 20'000) && right;
    right = co_await measure_barrier(8, 2'000) && right;
    right = co_await measure_death(told.seconds) && right;
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
