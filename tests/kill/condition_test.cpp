// Conditions whose users are killed at every step of a wait and of a notification.
#include <csignal>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/lines.hpp"
#include "kill/warrant.hpp"

using troupe::condition;
using troupe::shared;

namespace {

struct store {
    int items = 0;
    int taken = 0;
};

troupe::task<int> take_one(shared<store> from, condition changed) {
    auto inside = co_await from.lock();
    while (inside->items == 0) co_await changed.wait(inside);
    --inside->items;
    ++inside->taken;
    co_return 0;
}

// --- the victim waits

troupe::task<> victim_takes(shared<store> from, condition changed) {
    killing::take_warrant();
    co_await take_one(from, changed);
}

// One item for each of two, put one after the other: what the victim did not take, the other one gets.
troupe::task<troupe::exit_status> killed_while_waiting() {
    shared<store> all;
    condition changed;
    auto victim = co_await troupe::spawn<&victim_takes>(all, changed);
    co_await troupe::when_any(lines::until_in_condition(1), victim.join());
    auto other = co_await troupe::spawn<&take_one>(all, changed);
    for (int i = 0; i < 2; ++i) {
        auto inside = co_await all.lock();
        ++inside->items;
        changed.notify_one(inside);
    }
    const auto status = co_await other.join();
    CHECK(status.success());
    co_return co_await victim.join();
}

// --- the victim notifies

troupe::task<> victim_notifies(shared<store> into, condition changed) {
    killing::take_warrant();
    auto inside = co_await into.lock();
    ++inside->items;
    changed.notify_one(inside);
    ++inside->items;
    changed.notify_all(inside);
}

troupe::task<troupe::exit_status> killed_while_notifying() {
    shared<store> all;
    condition changed;
    auto first = co_await troupe::spawn<&take_one>(all, changed);
    co_await lines::until_in_condition(1);
    auto second = co_await troupe::spawn<&take_one>(all, changed);
    co_await lines::until_in_condition(2);
    const auto end = co_await (co_await troupe::spawn<&victim_notifies>(all, changed)).join();
    {
        auto inside = co_await all.lock();
        inside->items = 2 - inside->taken;  // whatever the victim came to
        changed.notify_all(inside);
    }
    const auto one = co_await first.join();
    const auto two = co_await second.join();
    CHECK(one.success());
    CHECK(two.success());
    co_return end;
}

// --- the victim notifies those that have died

troupe::task<> victim_notifies_the_dead(shared<store> into, condition changed, troupe::queue<int> told,
                                        troupe::queue<int> gate) {
    killing::take_warrant();
    auto inside = co_await into.lock();
    ++inside->items;
    changed.notify_one(inside);
    co_await told.put(1);
    co_await gate.get();
}

// Of three that wait the first is dead when the victim notifies, and the second before it lets go.
troupe::task<troupe::exit_status> killed_while_passing_on() {
    shared<store> all;
    condition changed;
    troupe::queue<int> told, gate;
    std::vector<troupe::actor<>> waiting;
    for (std::size_t i = 1; i <= 3; ++i) {
        waiting.push_back(co_await troupe::spawn<&take_one>(all, changed));
        co_await lines::until_in_condition(i);
    }
    waiting[0].kill();
    co_await waiting[0].join();
    auto victim = co_await troupe::spawn<&victim_notifies_the_dead>(all, changed, told, gate);
    co_await troupe::when_any(told.get(), victim.join());
    waiting[1].kill();
    co_await waiting[1].join();
    gate.try_put(1);
    const auto end = co_await victim.join();
    {
        auto inside = co_await all.lock();
        inside->items = 1;
        changed.notify_all(inside);
    }
    const auto status = co_await waiting[2].join();
    CHECK(status.success());
    co_return end;
}

}  // namespace

TEST_CASE("condition: one that waits, killed at any step, takes no notification along") {
    CHECK(killing::dies_at_each({"condition: about to wait", "condition: waits", "lock: unlocked", "lock: turn taken"},
                                &killed_while_waiting));
}

TEST_CASE("condition: one that notifies, killed at any step, holds nobody up") {
    CHECK(killing::dies_at_each({"condition: move noted", "condition: notified", "condition: out of the list",
                                 "condition: in line", "lock: granted"},
                                &killed_while_notifying));
}

TEST_CASE("condition: one that passes on the notification of the dead, killed at any step, holds nobody up") {
    CHECK(killing::dies_at_each(
        {"condition: burial noted", "condition: gone one taken out", "lock: notification passed on"},
        &killed_while_passing_on));
}
