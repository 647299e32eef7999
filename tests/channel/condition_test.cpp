// Conditions: who is woken, in which order, and what becomes of a notification.
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/lines.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using lines::until_in_condition;
using troupe::condition;
using troupe::shared;
using troupe::spawn;
using troupe::task;

struct store {
    int items = 0;
    int woken = 0;
    std::array<int, 8> order{};
};

// --- actors

task<> take_one(shared<store> from, condition changed, int name) {
    auto inside = co_await from.lock();
    while (inside->items == 0) co_await changed.wait(inside);
    --inside->items;
    inside->order[static_cast<std::size_t>(inside->woken++)] = name;
}
task<> put_all(shared<store> into, condition changed, int many) {
    auto inside = co_await into.lock();
    inside->items += many;
    changed.notify_all(inside);
}

// --- bodies

task<> in_order() {
    shared<store> all;
    condition changed;
    std::vector<troupe::actor<>> waiting;
    for (int i = 1; i <= 3; ++i) {
        waiting.push_back(co_await spawn<take_one>(all, changed, i));
        co_await until_in_condition(static_cast<std::size_t>(i));
    }
    for (int i = 1; i <= 3; ++i) {
        auto inside = co_await all.lock();
        ++inside->items;
        changed.notify_one(inside);
    }
    for (const auto& one : waiting) co_await one.join();
    const auto seen = all.peek();
    REQUIRE(seen.has_value());
    for (int i = 0; i < 3; ++i) CHECK(seen->order[static_cast<std::size_t>(i)] == i + 1);
}

task<> all_at_once() {
    shared<store> all;
    condition changed;
    std::vector<troupe::actor<>> waiting;
    for (int i = 1; i <= 3; ++i) waiting.push_back(co_await spawn<take_one>(all, changed, i));
    co_await until_in_condition(3);
    const auto giver = co_await spawn<put_all>(all, changed, 3);
    for (const auto& one : waiting) co_await one.join();
    co_await giver.join();
    CHECK(all.peek()->items == 0);
}

task<> notifying_nobody() {
    shared<store> all;
    condition changed;
    auto inside = co_await all.lock();
    changed.notify_one(inside);
    changed.notify_all(inside);
    const bool notified = co_await changed.wait(inside, 2ms);
    CHECK_FALSE(notified);
    CHECK(inside->items == 0);  // with the lock again
    CHECK_FALSE(all.try_lock().has_value());
    CHECK(lines::places_here() == 1);
}

task<> the_dead_lose_none() {
    shared<store> all;
    condition changed;
    const auto first = co_await spawn<take_one>(all, changed, 1);
    co_await until_in_condition(1);
    const auto second = co_await spawn<take_one>(all, changed, 2);
    co_await until_in_condition(2);
    {
        auto inside = co_await all.lock();
        ++inside->items;
        first.kill();
        co_await first.join();
        changed.notify_one(inside);
    }
    co_await second.join();
    CHECK(all.peek()->order[0] == 2);
}

task<> notified_and_dead() {
    shared<store> all;
    condition changed;
    const auto first = co_await spawn<take_one>(all, changed, 1);
    co_await until_in_condition(1);
    const auto second = co_await spawn<take_one>(all, changed, 2);
    co_await until_in_condition(2);
    {
        auto inside = co_await all.lock();
        ++inside->items;
        changed.notify_one(inside);
        first.kill();
        co_await first.join();
    }
    co_await second.join();
    CHECK(all.peek()->order[0] == 2);
}

task<> cancelled_wait() {
    shared<store> all;
    condition changed;
    auto inside = co_await all.lock();
    bool late = false;
    try {
        co_await troupe::with_timeout(2ms, changed.wait(inside));
    } catch (const troupe::timed_out&) {
        late = true;
    }
    CHECK(late);
    CHECK_THROWS_AS(*inside, troupe::misuse);
    CHECK_THROWS_AS(changed.notify_one(inside), troupe::misuse);
    CHECK(all.try_lock().has_value());
}

task<> of_two_locks() {
    shared<store> one, other;
    condition changed;
    auto first = co_await one.lock();
    auto second = co_await other.lock();
    changed.notify_one(first);
    CHECK_THROWS_WITH(changed.notify_one(second), checks::contains("another lock"));
}

task<> in_one_process() {
    shared<store> all;
    condition changed;
    auto consume = [](shared<store> from, condition when) -> task<> {
        auto inside = co_await from.lock();
        co_await when.wait(inside, [&inside] { return inside->items > 0; });
        --inside->items;
    };
    auto produce = [](shared<store> into, condition when) -> task<> {
        for (int i = 0; i < 2; ++i) {
            auto inside = co_await into.lock();
            ++inside->items;
            when.notify_one(inside);
            inside.unlock();
            co_await troupe::yield();
        }
    };
    co_await troupe::when_all(consume(all, changed), consume(all, changed), produce(all, changed));
    CHECK(all.peek()->items == 0);
}

}  // namespace

TEST_CASE("condition: those that wait are notified in the order in which they came") { watched(in_order()); }
TEST_CASE("condition: notify_all wakes all who wait") { watched(all_at_once()); }
TEST_CASE("condition: a wait whose time is up has the lock again") { watched(notifying_nobody()); }
TEST_CASE("condition: one that died while it waited is passed over") { watched(the_dead_lose_none()); }
TEST_CASE("condition: the notification of one that died goes to the next") { watched(notified_and_dead()); }
TEST_CASE("condition: a wait that was cancelled leaves the lock to others") { watched(cancelled_wait()); }
TEST_CASE("condition: it belongs to one lock") { watched(of_two_locks()); }
TEST_CASE("condition: coroutines of one process wait as others do") { watched(in_one_process()); }
