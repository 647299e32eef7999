// Arrays that actors share: the same memory in each, and how long it lives.
#include <atomic>
#include <csignal>
#include <cstdint>
#include <string>
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
task<> write_when_told(shared_array<int> all, queue<int> told, queue<int> gate) {
    co_await told.put(all[0]);
    co_await gate.get();
    all[0] = 2;
}
task<int> read_it(shared_array<int> all) { co_return all.is_frozen() && all[0] == 1 ? 0 : 1; }
task<> write_at_once(shared_array<int> all) {
    all[0] = 2;
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

task<> frozen_for_all() {
    shared_array<int> all(5000);
    all[0] = 1;
    queue<int> told, gate;
    const auto early = co_await spawn<write_when_told>(all, told, gate);
    co_await told.get();
    CHECK_FALSE(all.is_frozen());
    co_await all.freeze();
    CHECK(all.is_frozen());
    co_await gate.put(1);
    const auto late = co_await spawn<write_at_once>(all);
    const auto reader = co_await spawn<read_it>(all);
    for (const auto& writer : {early, late}) {
        const auto status = co_await writer.join();
        CHECK(status.signal() == SIGSEGV);
        CHECK(status.wrote_to_frozen());
        CHECK_THAT(to_string(status), checks::contains("wrote to a frozen array (signal 11, SIGSEGV)"));
    }
    const auto read = co_await reader.join();
    CHECK(read.success());
    CHECK(all[0] == 1);
}

// What was frozen is written to by its next user.
task<> thawed_when_freed() {
    for (int i = 0; i < 3; ++i) {
        shared_array<int> all(5000);
        all[0] = i;
        co_await all.freeze();
        CHECK(all[0] == i);
    }
    queue<std::string> q;
    co_await q.put(std::string(20'000, 'x'));
    const auto got = co_await q.get();
    CHECK(got->size() == 20'000);
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
TEST_CASE("shared array: a frozen one can be read by all, and whoever writes to it dies of that") {
    watched(frozen_for_all());
}
TEST_CASE("shared array: the memory of a frozen one can be used again") { watched(thawed_when_freed()); }
TEST_CASE("shared array: copies of a handle name the same memory") { copies_are_the_same(); }
