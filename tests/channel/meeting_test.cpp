// Events, barriers and semaphores: who goes on, when, and what a death changes.
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/lines.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using lines::until_asleep;
using lines::until_at_turnstile;
using lines::until_in_line;
using troupe::barrier;
using troupe::event;
using troupe::queue;
using troupe::semaphore;
using troupe::shared_array;
using troupe::spawn;
using troupe::task;

// --- actors

task<> wait_for(event e, queue<int> told) {
    co_await e.wait();
    co_await told.put(1);
}
task<> set_and_clear(event e) {
    e.set();
    e.clear();
    co_return;
}
task<int> meet(barrier all, shared_array<int> rounds, int who, int times) {
    for (int i = 1; i <= times; ++i) {
        rounds[static_cast<std::size_t>(who)] = i;
        co_await all.arrive_and_wait();
        for (const int one : rounds.view()) {
            if (one < i) co_return 1;  // somebody had not come
        }
        co_await all.arrive_and_wait();
    }
    co_return 0;
}
task<> never_come(barrier) { co_await troupe::sleep_for(24h); }
task<> come_and_wait(barrier all) { co_await all.arrive_and_wait(); }
task<> acquire_and_wait(semaphore s, std::uint32_t many, queue<int> told) {
    co_await s.acquire(many);
    co_await told.put(static_cast<int>(many));
    co_await troupe::sleep_for(24h);
}
task<> acquire_and_tell(semaphore s, std::uint32_t many, queue<int> told) {
    co_await s.acquire(many);
    co_await told.put(static_cast<int>(many));
}
task<> consume(semaphore items, int many, queue<int> told) {
    for (int i = 0; i < many; ++i) co_await items.acquire(1, troupe::for_good);
    co_await told.put(many);
}
task<> one_at_a_time(semaphore s, shared_array<int> inside, int times) {
    for (int i = 0; i < times; ++i) {
        co_await s.acquire();
        ++inside[0];
        inside[1] += inside[0] == 1 ? 0 : 1;
        --inside[0];
        s.release();
    }
}

// --- events

task<> wakes_all() {
    event e;
    queue<int> told;
    std::vector<troupe::actor<>> all;
    for (int i = 0; i < 3; ++i) all.push_back(co_await spawn<wait_for>(e, told));
    co_await until_asleep(3);
    CHECK_FALSE(e.is_set());
    CHECK(told.size() == 0);
    e.set();
    for (int i = 0; i < 3; ++i) co_await told.get();
    for (const auto& one : all) co_await one.join();
    CHECK(e.is_set());
    co_await e.wait();
    e.clear();
    CHECK_FALSE(e.is_set());
}

task<> set_and_cleared_at_once() {
    event e;
    queue<int> told;
    const auto waiter = co_await spawn<wait_for>(e, told);
    co_await until_asleep(1);
    const auto setter = co_await spawn<set_and_clear>(e);
    co_await told.get();
    co_await troupe::when_all(waiter.join(), setter.join());
    CHECK_FALSE(e.is_set());
}

task<> event_in_one_process() {
    event e;
    auto set_later = [](event mine) -> task<> {
        co_await troupe::yield();
        mine.set();
    };
    co_await troupe::when_all(e.wait(), e.wait(), set_later(e));
    e.clear();
    bool late = false;
    try {
        co_await troupe::with_timeout(2ms, e.wait());
    } catch (const troupe::timed_out&) {
        late = true;
    }
    CHECK(late);
}

// --- barriers

task<> nobody_goes_on_alone() {
    constexpr int parties = 3, times = 50;
    barrier all(parties);
    shared_array<int> rounds(parties);
    std::vector<troupe::actor<>> crew;
    for (int who = 0; who < parties; ++who) crew.push_back(co_await spawn<meet>(all, rounds, who, times));
    for (const auto& one : crew) {
        const auto status = co_await one.join();
        CHECK(status.success());
    }
}

template <class Then>
task<std::optional<troupe::broken_barrier>> broken_after(barrier all, Then then) {
    auto arrive = [](barrier mine) -> task<std::optional<troupe::broken_barrier>> {
        try {
            co_await mine.arrive_and_wait();
        } catch (const troupe::broken_barrier& broken) {
            co_return broken;
        }
        co_return std::nullopt;
    };
    auto [broken, nothing] = co_await troupe::when_all(arrive(all), then());
    static_cast<void>(nothing);
    co_return broken;
}

task<> broken_by_a_death() {
    barrier all(3);
    const auto other = co_await spawn<never_come>({.name = "late"}, all);
    const auto broken = co_await broken_after(all, [&]() -> task<> {
        co_await until_asleep(1);
        other.kill();
        co_await other.join();
    });
    REQUIRE(broken.has_value());
    REQUIRE(broken->status().has_value());
    CHECK(broken->status()->signal() == SIGKILL);
    CHECK_THAT(broken->what(), checks::contains("'late'"));
    bool again = false;
    try {
        co_await all.arrive_and_wait();
    } catch (const troupe::broken_barrier&) {
        again = true;
    }
    CHECK(again);
}

task<> broken_by_a_timeout() {
    barrier all(2);
    bool late = false;
    try {
        co_await troupe::with_timeout(2ms, all.arrive_and_wait());
    } catch (const troupe::timed_out&) {
        late = true;
    }
    CHECK(late);
    const auto other = co_await spawn<come_and_wait>(all);
    const auto status = co_await other.join();
    CHECK(status.exception_type() == "troupe::broken_barrier");
}

task<> arrives_once_a_round() {
    barrier all(2);
    std::string said;
    auto twice = [](barrier mine, std::string* refusal) -> task<> {
        co_await until_asleep(1);
        try {
            co_await mine.arrive_and_wait();
        } catch (const troupe::misuse& refused) {
            *refusal = refused.what();
        }
        throw troupe::misuse("enough");
    };
    CHECK_THROWS_AS(co_await troupe::when_all(all.arrive_and_wait(), twice(all, &said)), troupe::misuse);
    CHECK_THAT(said, checks::contains("once a round"));
}

// --- semaphores

task<> permits_are_kept() {
    semaphore s(1);
    shared_array<int> inside(2);
    std::vector<troupe::actor<>> all;
    for (int i = 0; i < 3; ++i) all.push_back(co_await spawn<one_at_a_time>(s, inside, 300));
    for (const auto& one : all) co_await one.join();
    CHECK(inside[1] == 0);
    CHECK(s.available() == 1);
}

task<> permits_come_back_at_a_death() {
    semaphore s(3);
    queue<int> told;
    const auto holder = co_await spawn<acquire_and_wait>(s, 2u, told);
    co_await told.get();
    CHECK(s.available() == 1);
    const auto waiter = co_await spawn<acquire_and_tell>(s, 3u, told);
    co_await until_at_turnstile();
    holder.kill();
    const auto three = co_await told.get();
    CHECK(three == 3);
    co_await troupe::when_all(holder.join(), waiter.join());
    while (s.available() != 3) co_await troupe::yield();  // the waiter's come back as well
}

task<> the_large_one_is_not_overtaken() {
    semaphore s(2);
    queue<int> told;
    co_await s.acquire();
    const auto large = co_await spawn<acquire_and_tell>(s, 2u, told);
    co_await until_at_turnstile();
    CHECK_FALSE(s.try_acquire());
    const auto small = co_await spawn<acquire_and_tell>(s, 1u, told);
    co_await until_in_line(1);
    s.release();
    const auto first = co_await told.get();
    CHECK(first == 2);
    const auto second = co_await told.get();
    CHECK(second == 1);
    co_await troupe::when_all(large.join(), small.join());
}

task<> producers_and_consumers() {
    semaphore items(0);
    queue<int> told;
    const auto consumer = co_await spawn<consume>(items, 100, told);
    for (int i = 0; i < 100; ++i) items.release();
    const auto got = co_await told.get();
    CHECK(got == 100);
    co_await consumer.join();
    CHECK(items.available() == 0);
}

task<> semaphore_gives_up() {
    semaphore s(1);
    co_await s.acquire();
    bool late = false;
    try {
        co_await troupe::with_timeout(2ms, s.acquire());
    } catch (const troupe::timed_out&) {
        late = true;
    }
    CHECK(late);
    s.release();
    co_await s.acquire();
    s.release(5);
    CHECK(s.available() == 5);
}

}  // namespace

TEST_CASE("event: setting it wakes all who wait, and it stays set") { watched(wakes_all()); }
TEST_CASE("event: whoever waited goes on though it was cleared at once") { watched(set_and_cleared_at_once()); }
TEST_CASE("event: coroutines of one process wait as others do, and may give up") { watched(event_in_one_process()); }
TEST_CASE("barrier: nobody goes on before all have come") { watched(nobody_goes_on_alone()); }
TEST_CASE("barrier: the death of a process that has it breaks it, and says whose that was") {
    watched(broken_by_a_death());
}
TEST_CASE("barrier: a wait that gives up breaks it for those that come later") { watched(broken_by_a_timeout()); }
TEST_CASE("barrier: a process arrives once a round") { watched(arrives_once_a_round()); }
TEST_CASE("semaphore: no more are inside than there are permits") { watched(permits_are_kept()); }
TEST_CASE("semaphore: the permits of a killed process come back") { watched(permits_come_back_at_a_death()); }
TEST_CASE("semaphore: one that wants many is not overtaken") { watched(the_large_one_is_not_overtaken()); }
TEST_CASE("semaphore: what one process makes another one takes for good") { watched(producers_and_consumers()); }
TEST_CASE("semaphore: a wait that gives up has taken nothing") { watched(semaphore_gives_up()); }
