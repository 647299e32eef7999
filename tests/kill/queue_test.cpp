// A queue whose users are killed at every step of a put and of a get.
#include <chrono>
#include <thread>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/participant.hpp"
#include "kill/warrant.hpp"

using namespace std::chrono_literals;
using troupe::queue;

namespace {

constexpr int items = 3;

// The items that are left, in order, once the queue is closed.
troupe::task<std::vector<int>> rest_of(queue<int> q) {
    q.close();
    std::vector<int> rest;
    while (const auto item = co_await q.get()) rest.push_back(*item);
    co_return rest;
}

// Whether `rest` is first, first + 1, ... last - 1.
bool runs(const std::vector<int>& rest, int first, int last) {
    if (static_cast<int>(rest.size()) != last - first) return false;
    for (const int item : rest) {
        if (item != first++) return false;
    }
    return true;
}

// --- put

troupe::task<> put_some(queue<int> q) {
    killing::take_warrant();
    for (int i = 1; i <= items; ++i) {
        co_await q.put(i);
        killing::note(i);
    }
}

troupe::task<troupe::exit_status> killed_while_putting() {
    queue<int> q;
    co_await q.put(0);
    const auto end = co_await (co_await troupe::spawn<&put_some>(q)).join();
    co_await q.put(100);  // the others go on
    std::vector<int> got = co_await rest_of(q);
    REQUIRE(got.back() == 100);
    got.pop_back();
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted() << ", got " << got.size());
    const int last = static_cast<int>(got.size());
    CHECK(runs(got, 0, last));
    CHECK(last - 1 >= killing::noted());
    CHECK(last - 1 <= killing::noted() + 1);
    co_return end;
}

// --- get

troupe::task<> get_some(queue<int> q) {
    killing::take_warrant();
    for (int got = 0; got < items; ++got) {
        if (!co_await q.get()) co_return;
        killing::note(got + 1);
    }
}

troupe::task<troupe::exit_status> killed_while_getting() {
    queue<int> q;
    for (int i = 0; i < items; ++i) co_await q.put(i);
    const auto end = co_await (co_await troupe::spawn<&get_some>(q)).join();
    for (int i = items; i < 2 * items; ++i) co_await q.put(i);
    const std::vector<int> rest = co_await rest_of(q);
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted() << ", rest " << rest.size());
    // What get had given, or was about to give, is its own; what it had only begun to take is the others'.
    const int its_own = 2 * items - static_cast<int>(rest.size());
    CHECK(runs(rest, its_own, 2 * items));
    CHECK(its_own >= killing::noted());
    CHECK(its_own <= killing::noted() + 1);
    co_return end;
}

// --- waiting for items: each is put only once the one before was got

troupe::task<> get_and_tell(queue<int> q, queue<int> told) {
    killing::take_warrant();
    for (int i = 0; i < items; ++i) {
        const auto item = co_await q.get();
        if (!item) co_return;
        killing::note(*item + 1);
        co_await told.put(*item);
    }
}

troupe::task<troupe::exit_status> killed_while_waiting() {
    queue<int> q, told;
    auto consumer = co_await troupe::spawn<&get_and_tell>(q, told);
    int put = 0;
    for (; put < items; ++put) {
        co_await killing::asleep(consumer.id());
        co_await q.put(put);
        const auto heard = co_await troupe::when_any(told.get(), consumer.join());
        if (heard.index() == 1) {
            ++put;
            break;
        }
    }
    const auto end = co_await consumer.join();
    const std::vector<int> rest = co_await rest_of(q);
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted() << ", rest " << rest.size());
    const int its_own = put - static_cast<int>(rest.size());
    CHECK(runs(rest, its_own, put));
    CHECK(its_own >= killing::noted());
    CHECK(its_own <= killing::noted() + 1);
    co_return end;
}

// --- the last item is finished while another reader moves the head

troupe::task<> work_off_and_wait(queue<int> q) {
    co_await q.get();
    q.task_done();
    killing::note(1);
    co_await q.drained();
}

troupe::task<> reported_before_the_head_moves() {
    queue<int> q;
    auto worker = co_await troupe::spawn<&work_off_and_wait>(q);
    co_await killing::asleep(worker.id());
    killing::sign_warrant(killing::victim::itself, 0);
    const auto& awake = troupe::channel::participant::here().memory().header().awake;
    bool came_there = false;
    killing::at_own_step("ring: sweep requested", [&] {
        came_there = q.try_put(1);
        while (killing::noted() == 0 || awake.contains(worker.id().slot())) std::this_thread::yield();
    });
    CHECK_FALSE(q.try_get().has_value());  // it sweeps, on behalf of the worker
    killing::at_own_step("", nullptr);
    killing::withdraw_warrant();
    CHECK(came_there);
    const auto worker_status = co_await worker.join();
    CHECK(worker_status.success());
}

// --- waiting for room

troupe::task<> put_into_little(queue<int> q) {
    killing::take_warrant();
    for (int i = 1; i <= 2 * items; ++i) {
        co_await q.put(i);
        killing::note(i);
    }
}

troupe::task<> put_hundreds(queue<int> q) {
    for (int i = 0; i < items; ++i) co_await q.put(100 + i);
}

troupe::task<troupe::exit_status> killed_while_queue_is_full() {
    queue<int> q({.capacity = 1});
    auto victim = co_await troupe::spawn<&put_into_little>(q);
    auto other = co_await troupe::spawn<&put_hundreds>(q);
    std::vector<int> mine, others;
    for (;;) {
        const auto heard = co_await troupe::when_any(q.get(), troupe::when_all(victim.join(), other.join()));
        if (heard.index() == 1) break;
        const int item = *std::get<0>(heard);
        (item < 100 ? mine : others).push_back(item);
    }
    const auto rest = co_await rest_of(q);
    for (const int item : rest) (item < 100 ? mine : others).push_back(item);
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted() << ", got " << mine.size());
    const int last = static_cast<int>(mine.size());
    CHECK(runs(mine, 1, last + 1));
    CHECK(last >= killing::noted());
    CHECK(last <= killing::noted() + 1);
    CHECK(runs(others, 100, 100 + items));
    co_return co_await victim.join();
}

}  // namespace

TEST_CASE("queue: it is drained also when the last item is swept after it was reported done") {
    troupe::sync_wait(troupe::with_timeout(20s, reported_before_the_head_moves()));
}

TEST_CASE("queue: a producer killed at any step of a put leaves what it had put, and nothing half") {
    CHECK(killing::dies_at_each({"ring: before claim", "ring: claimed", "ring: advanced", "ring: before commit",
                                 "ring: committed", "port: end let go", "child: about to end"},
                                &killed_while_putting));
}

TEST_CASE("queue: an item that a killed consumer had begun to take goes to the others, in its old place") {
    CHECK(killing::dies_at_each({"ring: before take", "ring: taken", "inbox: letter in hand", "ring: before finish",
                                 "ring: finished", "inbox: letter finished", "ring: before sweep request",
                                 "ring: sweep requested", "ring: before sweeper leaves"},
                                &killed_while_getting));
}

TEST_CASE("queue: a consumer killed while it waits, or is woken, leaves the items to the others") {
    CHECK(killing::dies_at_each({"ring: taken", "ring: finished"}, &killed_while_waiting));
}

TEST_CASE("queue: a producer killed while the queue is full does not hold up the others") {
    CHECK(killing::dies_at_each({"ring: asked for room"}, &killed_while_queue_is_full));
}
