// Locks, semaphores, events, barriers and arrays whose users are killed at every step. After each death the listener of
// the warrant finds nothing left: no cell, and no place in a line.
#include <csignal>
#include <optional>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/lines.hpp"
#include "kill/warrant.hpp"

using troupe::queue;
using troupe::semaphore;
using troupe::shared;

namespace {

struct account {
    long balance = 0;
    long entries = 0;
};

constexpr int times = 3;

// Whoever has the lock keeps both alike; a difference is what a dead one has left.
void enter(account& in) {
    in.balance += 10;
    in.entries += 1;
}
bool is_whole(const account& in) { return in.balance == 10 * in.entries; }

// What the next holder finds: whole, or told of a death, after which it is put right.
troupe::task<> add(shared<account> till) {
    auto inside = co_await till.lock();
    if (!is_whole(*inside) && !inside.abandoned()) throw std::logic_error("half an entry, and nobody died with it");
    inside->balance = 10 * inside->entries;
    enter(*inside);
}

troupe::task<int> add_some(shared<account> till) {
    for (int i = 0; i < times; ++i) co_await add(till);
    co_return 0;
}

// --- nobody contests

troupe::task<> victim_alone(shared<account> till) {
    killing::take_warrant();
    for (int i = 1; i <= times; ++i) {
        co_await add(till);
        killing::note(i);
        // The place that was kept for it is forgotten when the lock goes.
        const troupe::mutex own;
        const auto inside = co_await own.lock();
    }
}

troupe::task<troupe::exit_status> killed_alone() {
    shared<account> till;
    const auto end = co_await (co_await troupe::spawn<&victim_alone>(till)).join();
    auto inside = co_await till.lock();
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted());
    CHECK(inside->entries >= killing::noted());
    CHECK(inside->entries <= killing::noted() + 1);
    CHECK((is_whole(*inside) || inside.abandoned().has_value()));
    co_return end;
}

// --- others wait, and the victim hands on

troupe::task<> victim_among_others(shared<account> till, queue<int> told, std::size_t waiters) {
    killing::take_warrant();
    {
        auto inside = co_await till.lock();
        enter(*inside);
        co_await told.put(1);
        co_await lines::until_in_line(waiters);
    }
    killing::note(1);
    co_await add(till);
    killing::note(2);
}

template <int Waiters>
troupe::task<troupe::exit_status> killed_while_others_wait() {
    shared<account> till;
    queue<int> told;
    auto victim = co_await troupe::spawn<&victim_among_others>(till, told, std::size_t{Waiters});
    co_await troupe::when_any(told.get(), victim.join());
    std::vector<troupe::actor<>> others;
    for (int i = 0; i < Waiters; ++i) others.push_back(co_await troupe::spawn<&add_some>(till));
    for (const auto& one : others) {
        const auto status = co_await one.join();
        CHECK(status.success());
    }
    const auto end = co_await victim.join();
    auto inside = co_await till.lock();
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted());
    CHECK(inside->entries >= Waiters * times + killing::noted());
    CHECK(inside->entries <= Waiters * times + killing::noted() + 1);
    co_return end;
}

// --- the victim waits

troupe::task<> victim_waits(shared<account> till) {
    killing::take_warrant();
    for (int i = 1; i <= times; ++i) {
        co_await add(till);
        killing::note(i);
    }
}

troupe::task<troupe::exit_status> killed_while_waiting() {
    shared<account> till;
    std::optional<shared<account>::held> mine = co_await till.lock();
    auto victim = co_await troupe::spawn<&victim_waits>(till);
    co_await troupe::when_any(lines::until_in_line(1), victim.join());
    auto other = co_await troupe::spawn<&add_some>(till);
    co_await killing::asleep(victim.id());
    co_await troupe::when_any(lines::until_in_line(2), victim.join());
    mine.reset();
    const auto status = co_await other.join();
    CHECK(status.success());
    const auto end = co_await victim.join();
    auto inside = co_await till.lock();
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted());
    CHECK(inside->entries >= times + killing::noted());
    CHECK(inside->entries <= times + killing::noted() + 1);
    co_return end;
}

// --- the victim gives up, and comes back

troupe::task<> victim_gives_up(shared<account> till, queue<int> told) {
    killing::take_warrant();
    for (int i = 0; i < 2; ++i) {
        try {
            co_await troupe::with_timeout(std::chrono::milliseconds(1), add(till));
        } catch (const troupe::timed_out&) {
        }
    }
    co_await told.put(1);
    co_await add(till);
}

troupe::task<troupe::exit_status> killed_while_giving_up() {
    shared<account> till;
    queue<int> told;
    std::optional<shared<account>::held> mine = co_await till.lock();
    auto victim = co_await troupe::spawn<&victim_gives_up>(till, told);
    co_await troupe::when_any(told.get(), victim.join());
    auto other = co_await troupe::spawn<&add_some>(till);
    co_await lines::until_in_line(1);
    mine.reset();
    const auto status = co_await other.join();
    CHECK(status.success());
    const auto end = co_await victim.join();
    auto inside = co_await till.lock();
    CHECK(inside->entries >= times);
    co_return end;
}

// --- the victim passes one that has given up

troupe::task<> victim_buries(shared<account> till, queue<int> told, queue<int> gate) {
    killing::take_warrant();
    {
        auto inside = co_await till.lock();
        co_await told.put(1);
        co_await gate.get();
    }
    killing::note(1);
}

// In line stand one that has given up, and behind it one that waits.
troupe::task<troupe::exit_status> killed_while_burying() {
    shared<account> till;
    queue<int> told, gate;
    auto victim = co_await troupe::spawn<&victim_buries>(till, told, gate);
    co_await troupe::when_any(told.get(), victim.join());
    try {
        co_await troupe::with_timeout(std::chrono::milliseconds(1), add(till));
    } catch (const troupe::timed_out&) {
    }
    auto other = co_await troupe::spawn<&add_some>(till);
    co_await troupe::when_any(lines::until_in_line(1), other.join());
    gate.try_put(1);
    const auto status = co_await other.join();
    CHECK(status.success());
    co_return co_await victim.join();
}

// --- semaphores

troupe::task<> victim_acquires(semaphore s) {
    killing::take_warrant();
    for (int i = 1; i <= times; ++i) {
        co_await s.acquire(2);
        killing::note(i);
        s.release(2);
    }
}
troupe::task<int> acquire_some(semaphore s) {
    for (int i = 0; i < times; ++i) {
        co_await s.acquire();
        s.release();
    }
    co_return 0;
}

troupe::task<troupe::exit_status> killed_with_permits() {
    semaphore s(2);
    auto victim = co_await troupe::spawn<&victim_acquires>(s);
    auto other = co_await troupe::spawn<&acquire_some>(s);
    const auto status = co_await other.join();
    CHECK(status.success());
    const auto end = co_await victim.join();
    co_await s.acquire(2);  // all are back
    CHECK(s.available() == 0);
    s.release(2);
    co_return end;
}

troupe::task<troupe::exit_status> killed_at_the_turnstile() {
    semaphore s(2);
    co_await s.acquire(2);
    auto victim = co_await troupe::spawn<&victim_acquires>(s);
    co_await troupe::when_any(lines::until_at_turnstile(), victim.join());
    auto other = co_await troupe::spawn<&acquire_some>(s);
    co_await killing::asleep(other.id());
    s.release(2);
    const auto status = co_await other.join();
    CHECK(status.success());
    const auto end = co_await victim.join();
    co_await s.acquire(2);
    CHECK(s.available() == 0);
    co_return end;
}

// --- events and barriers

troupe::task<> victim_sets(troupe::event e) {
    killing::take_warrant();
    e.set();
    co_return;
}
troupe::task<int> wait_for(troupe::event e) {
    co_await e.wait();
    co_return 0;
}

troupe::task<troupe::exit_status> killed_while_setting() {
    troupe::event e;
    auto waiter = co_await troupe::spawn<&wait_for>(e);
    co_await lines::until_asleep(1);
    auto victim = co_await troupe::spawn<&victim_sets>(e);
    const auto end = co_await victim.join();
    e.set();  // unless the victim came so far
    const auto status = co_await waiter.join();
    CHECK(status.success());
    co_return end;
}

troupe::task<> victim_arrives(troupe::barrier b) {
    killing::take_warrant();
    for (int i = 1; i <= times; ++i) {
        co_await b.arrive_and_wait();
        killing::note(i);
    }
}
troupe::task<int> arrive_some(troupe::barrier b) {
    for (int i = 0; i < times; ++i) co_await b.arrive_and_wait();
    co_return 0;
}

troupe::task<> victim_gives_up_at_a_barrier(troupe::barrier b) {
    killing::take_warrant();
    try {
        co_await troupe::with_timeout(std::chrono::milliseconds(1), b.arrive_and_wait());
    } catch (const troupe::timed_out&) {
    }
}

troupe::task<troupe::exit_status> killed_while_giving_up_at_a_barrier() {
    troupe::barrier b(3);
    auto other = co_await troupe::spawn<&arrive_some>(b);
    co_await lines::until_asleep(1);
    const auto end = co_await (co_await troupe::spawn<&victim_gives_up_at_a_barrier>(b)).join();
    const auto status = co_await other.join();
    CHECK(status.exception_type() == "troupe::broken_barrier");
    co_return end;
}

troupe::task<> victim_waits_for(troupe::event e) {
    killing::take_warrant();
    co_await e.wait();
}

troupe::task<troupe::exit_status> killed_while_waiting_for_an_event() {
    troupe::event e;
    auto victim = co_await troupe::spawn<&victim_waits_for>(e);
    co_await troupe::when_any(lines::until_asleep(1), victim.join());
    e.set();
    co_return co_await victim.join();
}

troupe::task<troupe::exit_status> killed_at_a_barrier() {
    troupe::barrier b(2);
    auto other = co_await troupe::spawn<&arrive_some>(b);
    auto victim = co_await troupe::spawn<&victim_arrives>(b);
    const auto end = co_await victim.join();
    const auto status = co_await other.join();
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted());
    if (!status.success()) CHECK(status.exception_type() == "troupe::broken_barrier");
    if (end.success()) CHECK(status.success());
    co_return end;
}

// --- making them, and letting them go

troupe::task<> victim_makes() {
    killing::take_warrant();
    {
        const shared<account> small;
        const shared<std::array<long, 50>> large;
        const troupe::shared_array<int> all(10'000);
        const shared<account> copy = small;
    }
    const troupe::event e;
    co_return;
}

troupe::task<troupe::exit_status> killed_while_making() {
    co_return co_await (co_await troupe::spawn<&victim_makes>()).join();
}

troupe::task<> victim_freezes(troupe::shared_array<int> all) {
    killing::take_warrant();
    co_await all.freeze();
}
troupe::task<int> hold_until(troupe::shared_array<int> all, queue<int> told, queue<int> gate) {
    co_await told.put(all[0]);
    co_await gate.get();
    co_return all[0];
}

troupe::task<troupe::exit_status> killed_while_freezing() {
    const troupe::shared_array<int> all(2000);
    queue<int> told, gate;
    auto holder = co_await troupe::spawn<&hold_until>(all, told, gate);
    co_await told.get();
    const auto end = co_await (co_await troupe::spawn<&victim_freezes>(all)).join();
    co_await all.freeze();  // unless the victim came so far
    CHECK(all.is_frozen());
    co_await gate.put(1);
    const auto status = co_await holder.join();
    CHECK(status.success());
    co_return end;
}

troupe::task<> victim_receives(queue<shared<account>> from, queue<shared<account>> to) {
    killing::take_warrant();
    while (const auto one = co_await from.get()) {
        co_await to.put(*one);
        if (to.size() >= times) co_return;
    }
}

troupe::task<troupe::exit_status> killed_while_receiving() {
    queue<shared<account>> from, to;
    for (int i = 0; i < times; ++i) {
        const shared<account> made(account{10 * i, i});
        co_await from.put(made);
    }
    const auto end = co_await (co_await troupe::spawn<&victim_receives>(from, to)).join();
    to.close();
    while (const auto one = co_await to.get()) {
        const auto seen = one->peek();
        CHECK((seen && is_whole(*seen)));
    }
    co_return end;
}

}  // namespace

TEST_CASE("lock: a holder killed at any step that nobody contests leaves the lock to the next") {
    CHECK(killing::dies_at_each({"lock: noted", "lock: taken", "lock: unlocked", "lock: kept", "lock: forgotten"},
                                &killed_alone));
}

TEST_CASE("lock: a holder killed at any step of handing on leaves the lock to the one that waits") {
    CHECK(killing::dies_at_each(
        {"lock: taken", "lock: oldest known", "lock: granted", "lock: gate moved", "lock: next one rung"},
        &killed_while_others_wait<1>));
}

TEST_CASE("lock: a holder killed at any step of handing on leaves the lock to the oldest of those that wait") {
    CHECK(killing::dies_at_each({"lock: oldest known", "lock: granted", "lock: gate moved", "lock: next one rung"},
                                &killed_while_others_wait<3>));
}

TEST_CASE("lock: one that waits, killed at any step, holds nobody up") {
    CHECK(killing::dies_at_each({"lock: about to push", "lock: pushed", "lock: parked", "lock: turn taken"},
                                &killed_while_waiting));
}

TEST_CASE("lock: one that gives up, killed at any step, holds nobody up") {
    CHECK(killing::dies_at_each({"lock: pushed", "lock: parked", "lock: given up"}, &killed_while_giving_up));
}

TEST_CASE("lock: a holder killed at any step of passing one that has given up leaves the lock to the next") {
    CHECK(killing::dies_at_each({"lock: burial noted", "lock: buried", "lock: cut", "lock: taken out",
                                 "lock: buried place freed", "lock: granted"},
                                &killed_while_burying));
}

TEST_CASE("semaphore: the permits of a process killed at any step come back") {
    CHECK(killing::dies_at_each(
        {"semaphore: taking meant", "semaphore: taken", "semaphore: giving meant", "semaphore: given"},
        &killed_with_permits));
}

TEST_CASE("semaphore: a process killed at the turnstile lets the next one through") {
    CHECK(killing::dies_at_each(
        {"lock: taken", "semaphore: asleep at the turnstile", "semaphore: taken at the turnstile"},
        &killed_at_the_turnstile));
}

TEST_CASE("event: a process killed at any step of setting it leaves those that wait to the next who sets it") {
    CHECK(killing::dies_at_each({"event: set"}, &killed_while_setting));
}

TEST_CASE("event: a process killed at any step of a wait leaves nothing") {
    CHECK(killing::dies_at_each({"event: waits"}, &killed_while_waiting_for_an_event));
}

TEST_CASE("barrier: a party killed at any step of giving up breaks it all the same") {
    CHECK(killing::dies_at_each({"barrier: arrived", "barrier: given up"}, &killed_while_giving_up_at_a_barrier));
}

TEST_CASE("shared array: a process killed at any step of a freeze keeps nobody from writing to other memory") {
    CHECK(killing::dies_at_each({"array: frozen", "array: frozen here"}, &killed_while_freezing));
}

TEST_CASE("barrier: a party killed at any step completes the round, or breaks the barrier") {
    CHECK(killing::dies_at_each({"barrier: about to arrive", "barrier: arrived", "barrier: party left"},
                                &killed_at_a_barrier));
}

TEST_CASE("shared state: a process killed at any step of making it, or letting it go, leaves nothing") {
    CHECK(killing::dies_at_each({"cell: noted", "cell: claimed", "cell: named", "cell: has a block",
                                 "cell: block is its own", "cell: filled", "cell: let go"},
                                &killed_while_making));
}

TEST_CASE("shared state: a process killed at any step of receiving a handle leaves nothing that nobody has") {
    CHECK(killing::dies_at_each({"cell: hold noted", "cell: held", "cell: let go"}, &killed_while_receiving));
}
