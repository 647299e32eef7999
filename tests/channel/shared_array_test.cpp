// Arrays that actors share: the same memory in each, and how long it lives.
#include <atomic>
#include <cstdint>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using troupe::queue;
using troupe::shared_array;
using troupe::spawn;
using troupe::task;

struct point {
    double x = 0;
    int name = 0;
    bool marked = false;
};

task<> fill(shared_array<point> all, int from, int to) {
    for (int i = from; i < to; ++i) all[static_cast<std::size_t>(i)] = {i * 0.5, i, i % 2 == 0};
    co_return;
}
task<> count_up(shared_array<long> all, int times) {
    for (int i = 0; i < times; ++i) std::atomic_ref(all[0]).fetch_add(1, std::memory_order_relaxed);  // relaxed: a sum
    co_return;
}
task<> make_and_end(queue<shared_array<int>> out) {
    shared_array<int> made(3);
    made[1] = 42;
    co_await out.put(made);
}

task<> seen_by_all() {
    shared_array<point> all(100);
    CHECK(all.size() == 100);
    CHECK(reinterpret_cast<std::uintptr_t>(all.view().data()) % 64 == 0);
    for (const point& one : all.view()) REQUIRE((one.x == 0 && one.name == 0 && !one.marked));
    const auto a = co_await spawn<fill>(all, 0, 50);
    const auto b = co_await spawn<fill>(all, 50, 100);
    co_await troupe::when_all(a.join(), b.join());
    for (int i = 0; i < 100; ++i) {
        const point& one = all[static_cast<std::size_t>(i)];
        REQUIRE((one.x == i * 0.5 && one.name == i && one.marked == (i % 2 == 0)));
    }
}

task<> atomics() {
    shared_array<long> sum(1);
    const auto a = co_await spawn<count_up>(sum, 10'000);
    const auto b = co_await spawn<count_up>(sum, 10'000);
    co_await troupe::when_all(a.join(), b.join());
    CHECK(sum[0] == 20'000);
}

task<> held_by_a_message() {
    queue<shared_array<int>> q;
    const auto maker = co_await spawn<make_and_end>(q);
    co_await maker.join();
    const auto got = co_await q.get();
    CHECK(got->size() == 3);
    CHECK((*got)[1] == 42);
}

// The second of the same size gets the memory of the first.
void zero_once_more() {
    for (int i = 0; i < 10; ++i) {
        const shared_array<int> made(1000);
        for (const int one : made.view()) REQUIRE(one == 0);
        for (int& one : made.view()) one = i + 1;
    }
}

void copies_are_the_same() {
    const shared_array<int> one(4), other(4);
    const shared_array<int> copy = one;
    copy[2] = 9;
    CHECK(one[2] == 9);
    CHECK(copy == one);
    CHECK_FALSE(one == other);
}

}  // namespace

TEST_CASE("shared array: all processes see the same elements, which begin as zero") { watched(seen_by_all()); }
TEST_CASE("shared array: atomics work across processes") { watched(atomics()); }
TEST_CASE("shared array: a message holds it when its maker has ended") { watched(held_by_a_message()); }
TEST_CASE("shared array: it is zero however its memory was used before") { zero_once_more(); }
TEST_CASE("shared array: copies of a handle name the same memory") { copies_are_the_same(); }
