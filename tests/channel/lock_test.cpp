// Locks: one at a time, in the order in which they were asked for, and what a death leaves.
#include <array>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/lines.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using lines::until_in_line;
using troupe::mutex;
using troupe::queue;
using troupe::shared;
using troupe::spawn;
using troupe::task;

struct account {
    long balance = 0;
    int entries = 0;
};
struct ledger {
    std::array<int, 100> rows{};
    int used = 0;
};

// --- actors

task<> add_often(shared<account> till, int times) {
    for (int i = 0; i < times; ++i) {
        auto inside = co_await till.lock();
        inside->balance += 3;
        inside->entries += 1;
    }
}
task<> sign(shared<ledger> book, int name) {
    auto inside = co_await book.lock();
    inside->rows[static_cast<std::size_t>(inside->used++)] = name;
}
task<> die_inside(shared<account> till) {
    auto inside = co_await till.lock();
    inside->balance = -1;
    std::raise(SIGKILL);
}
task<> leave_inside(shared<account> till) {
    auto inside = co_await till.lock();
    inside->entries = 77;
    std::_Exit(3);
}
task<> become_another_program(shared<account> till) {
    auto inside = co_await till.lock();
    execl("/bin/false", "false", nullptr);
    std::_Exit(7);
}
task<> hold_until(shared<account> till, queue<int> told, queue<int> gate) {
    auto inside = co_await till.lock();
    co_await told.put(1);
    co_await gate.get();
}
task<> wait_in_vain(shared<account> till) { auto inside = co_await till.lock(); }

task<> die_once_inside(shared<account> till, queue<int> told) {
    auto inside = co_await till.lock();
    if (inside->entries++ == 0) std::raise(SIGKILL);
    co_await told.put(inside.abandoned() ? inside.abandoned()->signal() : 0);
}

// --- bodies

task<> nobody_is_lost() {
    shared<account> till;
    std::vector<troupe::actor<>> all;
    for (int i = 0; i < 4; ++i) all.push_back(co_await spawn<add_often>(till, 500));
    co_await add_often(till, 500);
    for (const auto& one : all) co_await one.join();
    const auto seen = till.peek();
    REQUIRE(seen.has_value());
    CHECK(seen->balance == 7500);
    CHECK(seen->entries == 2500);
}

task<> in_order_of_arrival() {
    shared<ledger> book;
    std::vector<troupe::actor<>> all;
    {
        auto inside = co_await book.lock();
        for (int i = 1; i <= 5; ++i) {
            all.push_back(co_await spawn<sign>(book, i));
            co_await until_in_line(static_cast<std::size_t>(i));
        }
    }
    for (const auto& one : all) co_await one.join();
    auto inside = co_await book.lock();
    CHECK(inside->used == 5);
    for (int i = 0; i < 5; ++i) CHECK(inside->rows[static_cast<std::size_t>(i)] == i + 1);
}

task<> told_of_a_death() {
    shared<account> till(account{10, 0});
    const auto thief = co_await spawn<die_inside>(till);
    co_await thief.join();
    CHECK_FALSE(till.peek().has_value());
    {
        auto inside = co_await till.lock();
        REQUIRE(inside.abandoned().has_value());
        CHECK(inside.abandoned()->signal() == SIGKILL);
        CHECK(inside->balance == -1);
        inside->balance = 10;
    }
    auto inside = co_await till.lock();
    CHECK_FALSE(inside.abandoned().has_value());
    CHECK(inside->balance == 10);
}

task<> told_of_the_last_death() {
    shared<account> till;
    const auto first = co_await spawn<die_inside>(till);
    co_await first.join();
    const auto second = co_await spawn<leave_inside>(till);
    co_await second.join();
    auto inside = co_await till.lock();
    REQUIRE(inside.abandoned().has_value());
    CHECK(inside.abandoned()->code() == 3);
    CHECK(inside->entries == 77);
}

task<> lost_by_a_restart() {
    shared<account> till;
    queue<int> told;
    troupe::supervisor boss({.back_off = 0ns});
    co_await boss.spawn<die_once_inside>({.restart = troupe::restart_policy::transient}, {.name = "twice"}, till, told);
    const auto signal = co_await told.get();
    CHECK(signal == SIGKILL);
    co_await boss.stop();
    auto inside = co_await till.lock();
    CHECK_FALSE(inside.abandoned().has_value());
    CHECK(inside->entries == 2);
}

task<> lost_by_an_exec() {
    shared<account> till;
    const auto other = co_await spawn<become_another_program>(till);
    auto inside = co_await till.lock();
    while (!inside.abandoned()) {  // it had not come to it
        inside.unlock();
        co_await troupe::yield();
        inside = co_await till.lock();
    }
    CHECK(inside.abandoned()->code() == 1);
    co_await other.join();
}

task<> handed_on_to_who_waits() {
    shared<account> till;
    queue<int> told, gate;
    const auto holder = co_await spawn<hold_until>(till, told, gate);
    co_await told.get();
    auto waiter = [](shared<account> mine) -> task<int> {
        auto inside = co_await mine.lock();
        co_return inside.abandoned() ? inside.abandoned()->signal() : 0;
    };
    auto killer = [](troupe::actor<> whom) -> task<> {
        co_await until_in_line(1);
        whom.kill();
    };
    const auto [signal, nothing] = co_await troupe::when_all(waiter(till), killer(holder));
    static_cast<void>(nothing);
    CHECK(signal == SIGKILL);
    co_await holder.join();
}

task<> the_dead_leave_the_line() {
    shared<account> till;
    std::optional<shared<account>::held> mine = co_await till.lock();
    const auto first = co_await spawn<wait_in_vain>(till);
    co_await until_in_line(1);
    const auto second = co_await spawn<add_often>(till, 1);
    co_await until_in_line(2);
    first.kill();
    co_await first.join();
    mine.reset();
    const auto status = co_await second.join();
    CHECK(status.success());
    auto inside = co_await till.lock();
    CHECK_FALSE(inside.abandoned().has_value());
    CHECK(inside->entries == 1);
}

task<> times_up() {
    shared<account> till;
    queue<int> told, gate;
    const auto holder = co_await spawn<hold_until>({.name = "holder"}, till, told, gate);
    co_await told.get();
    bool late = false;
    for (int i = 0; i < 3; ++i) {
        try {
            co_await troupe::with_timeout(2ms, till.lock());
        } catch (const troupe::timed_out&) {
            late = true;
        }
    }
    CHECK(late);
    std::string said;
    try {
        co_await till.lock(2ms);
    } catch (const troupe::timed_out& error) {
        said = error.what();
    }
    CHECK_THAT(said, checks::contains("actor 'holder'") && checks::contains("has had the lock for"));
    CHECK(lines::places_here() == 1);  // however often it has tried
    const auto other = co_await spawn<add_often>(till, 1);
    co_await gate.put(1);
    co_await other.join();
    co_await holder.join();
    CHECK(till.peek()->entries == 1);
    auto inside = co_await till.lock(10s);
    CHECK(inside->entries == 1);
}

task<> cancelled() {
    shared<account> till;
    {
        auto inside = co_await till.lock();
        auto mine = till.lock();
        const auto first = co_await troupe::when_any(std::move(mine), troupe::sleep_for(2ms));
        CHECK(first.index() == 1);
    }
    auto inside = co_await till.lock();
    CHECK_FALSE(inside.abandoned().has_value());
}

task<> lock_once_more(shared<account> till) { auto again = co_await till.lock(); }

task<> twice_by_one() {
    shared<account> till;
    std::string same, called;
    {
        auto inside = co_await till.lock();
        try {
            auto again = co_await till.lock();
        } catch (const troupe::misuse& refused) {
            same = refused.what();
        }
        try {
            co_await lock_once_more(till);
        } catch (const troupe::misuse& refused) {
            called = refused.what();
        }
        CHECK_FALSE(till.try_lock().has_value());
    }
    CHECK_THAT(same, checks::contains("has this lock already"));
    CHECK_THAT(called, checks::contains("has this lock already"));
    co_await lock_once_more(till);
}

task<> add_and_yield(shared<account> till, int times) {
    for (int i = 0; i < times; ++i) {
        auto inside = co_await till.lock();
        const long before = inside->balance;
        co_await troupe::yield();
        inside->balance = before + 1;
    }
}

task<> coroutines_of_one_process() {
    shared<account> till;
    co_await troupe::when_all(add_and_yield(till, 50), add_and_yield(till, 50), add_and_yield(till, 50));
    CHECK(till.peek()->balance == 150);
}

task<> more_than_there_are_places() {
    constexpr int many = 1200;
    shared<account> till;
    co_await troupe::task_group::run([till](troupe::task_group& group) -> task<> {
        auto inside = co_await till.lock();
        for (int i = 0; i < many; ++i) group.start(add_and_yield(till, 1));
        while (lines::waiting() < 1000) co_await troupe::yield();
    });
    CHECK(till.peek()->balance == many);
}

task<> let_go_and_moved() {
    shared<account> till;
    auto inside = co_await till.lock();
    auto moved = std::move(inside);
    CHECK_THROWS_AS(inside->balance, troupe::misuse);
    CHECK_FALSE(till.try_lock().has_value());
    moved.unlock();
    moved.unlock();
    CHECK_THROWS_WITH(*moved, checks::contains("was let go"));
    CHECK(till.try_lock().has_value());
}

task<> peeking() {
    shared<account> till(account{5, 6});
    CHECK(till.peek()->entries == 6);
    auto inside = co_await till.lock();
    inside->entries = 7;
    CHECK_FALSE(till.peek().has_value());
    inside.unlock();
    CHECK(till.peek()->entries == 7);
}

task<> in_a_message() {
    queue<shared<ledger>> q;
    {
        const shared<ledger> made(ledger{{1, 2, 3}, 3});
        co_await q.put(made);
    }
    const auto got = co_await q.get();
    auto inside = co_await got->lock();
    CHECK(inside->used == 3);
    CHECK(inside->rows[2] == 3);
}

task<> without_a_value() {
    mutex one;
    auto inside = co_await one.lock();
    CHECK_FALSE(one.try_lock().has_value());
    inside.unlock();
    CHECK(one.try_lock().has_value());
}

}  // namespace

TEST_CASE("lock: five processes that add to one value lose nothing") { watched(nobody_is_lost()); }
TEST_CASE("lock: it is given in the order in which it was asked for, over all processes") {
    watched(in_order_of_arrival());
}
TEST_CASE("lock: whoever gets it after a death is told how the last holder ended, once") { watched(told_of_a_death()); }
TEST_CASE("lock: after two deaths the later one is told") { watched(told_of_the_last_death()); }
TEST_CASE("lock: an actor that is started again has lost it") { watched(lost_by_a_restart()); }
TEST_CASE("lock: one that became another program has it until that ends") { watched(lost_by_an_exec()); }
TEST_CASE("lock: one that waits gets it when the holder is killed") { watched(handed_on_to_who_waits()); }
TEST_CASE("lock: one that waits and is killed leaves the line") { watched(the_dead_leave_the_line()); }
TEST_CASE("lock: a wait whose time is up leaves the line, uses one place, and says who has the lock") {
    watched(times_up());
}
TEST_CASE("lock: a wait that is cancelled leaves the line") { watched(cancelled()); }
TEST_CASE("lock: a coroutine that would wait for itself gets an error") { watched(twice_by_one()); }
TEST_CASE("lock: coroutines of one process take turns") { watched(coroutines_of_one_process()); }
TEST_CASE("lock: more coroutines may wait than a process has places") { watched(more_than_there_are_places()); }
TEST_CASE("lock: one that was moved, or let go, gives no value any more") { watched(let_go_and_moved()); }
TEST_CASE("lock: peek copies what nobody has locked") { watched(peeking()); }
TEST_CASE("lock: a message holds it, and a large value with it") { watched(in_a_message()); }
TEST_CASE("mutex: it is a lock without a value") { watched(without_a_value()); }
