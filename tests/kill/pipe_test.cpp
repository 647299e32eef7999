// Pipes whose owners are killed at every step.
#include <chrono>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/warrant.hpp"

using namespace std::chrono_literals;

namespace {

constexpr int messages = 3;
using near_end = troupe::connection<int, int>;

// Sends, more than the pipe holds, until that throws closed.
troupe::task<bool> is_told(const near_end& mine) {
    try {
        for (int i = 0;; ++i) co_await mine.send(i);
    } catch (const troupe::closed&) {
        co_return true;
    }
}

troupe::task<> send_some(near_end far) {
    killing::take_warrant();
    for (int i = 0; i < messages; ++i) {
        co_await far.send(i);
        killing::note(i + 1);
    }
}

troupe::task<troupe::exit_status> killed_while_sending() {
    auto [mine, yours] = troupe::pipe<int, int>();
    auto victim = co_await troupe::spawn<&send_some>(std::move(yours));
    int got = 0;
    while (const auto next = co_await mine.receive()) CHECK(*next == got++);
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted() << ", got " << got);
    CHECK(got >= killing::noted());
    CHECK(got <= killing::noted() + 1);
    const auto end = co_await victim.join();
    const bool told = co_await is_told(mine);
    CHECK(told);
    co_return end;
}

troupe::task<> receive_some(near_end far) {
    killing::take_warrant();
    for (int i = 0; i < messages; ++i) {
        const auto next = co_await far.receive();
        if (!next || *next != i) throw std::logic_error("out of order");
        killing::note(i + 1);
    }
}

troupe::task<troupe::exit_status> killed_while_receiving() {
    auto [mine, yours] = troupe::pipe<int, int>();
    auto victim = co_await troupe::spawn<&receive_some>(std::move(yours));
    const bool told = co_await is_told(mine);
    CHECK(told);
    const auto after = co_await mine.receive();
    CHECK_FALSE(after.has_value());
    co_return co_await victim.join();
}

// To and fro, so that each of the two waits for the other.
troupe::task<> echo(near_end far) {
    killing::take_warrant();
    for (int i = 0; i < messages; ++i) {
        const auto next = co_await far.receive();
        if (!next) co_return;
        co_await far.send(*next);
        killing::note(i + 1);
    }
}

troupe::task<troupe::exit_status> killed_while_echoing() {
    auto [mine, yours] = troupe::pipe<int, int>();
    auto victim = co_await troupe::spawn<&echo>(std::move(yours));
    int heard = 0;
    try {
        for (int i = 0; i < messages; ++i) {
            co_await killing::asleep(victim.id());
            co_await mine.send(i);
            const auto back = co_await mine.receive();
            if (!back) break;
            CHECK(*back == heard++);
        }
    } catch (const troupe::closed&) {
        // killed before this message
    }
    CHECK(heard >= killing::noted());
    CHECK(heard <= killing::noted() + 1);
    co_return co_await victim.join();
}

// An end on its way in a message belongs to nobody else when its sender dies: the stream then ends.
struct parcel {
    near_end end;
};

troupe::task<> pass_on(near_end one, troupe::queue<parcel> to) {
    killing::take_warrant();
    co_await to.put(parcel{std::move(one)});
    killing::note(1);
}

troupe::task<troupe::exit_status> killed_while_passing_an_end() {
    troupe::queue<parcel> q;
    auto [mine, yours] = troupe::pipe<int, int>();
    auto victim = co_await troupe::spawn<&pass_on>(std::move(yours), q);
    const auto end = co_await victim.join();
    auto arrived = q.try_get();
    if (killing::noted() == 1) CHECK(arrived.has_value());
    if (arrived) {
        co_await arrived->end.send(7);
        const auto heard = co_await mine.receive();
        CHECK(heard == 7);
        arrived->end.close();
    }
    const auto after = co_await mine.receive();
    CHECK_FALSE(after.has_value());
    co_return end;
}

// Kills that come after the end was taken out of the parcel, or before.
troupe::task<> take_over(troupe::queue<parcel> from) {
    killing::take_warrant();
    auto arrived = co_await from.get();
    if (!arrived) co_return;
    killing::note(1);
    co_await arrived->end.send(7);
}

troupe::task<troupe::exit_status> killed_while_taking_an_end() {
    troupe::queue<parcel> q;
    auto [mine, yours] = troupe::pipe<int, int>();
    co_await q.put(parcel{std::move(yours)});
    const auto end = co_await (co_await troupe::spawn<&take_over>(q)).join();
    if (auto left = q.try_get()) {
        CHECK(killing::noted() == 0);
        co_await left->end.send(7);
    }
    const auto heard = co_await mine.receive();
    if (heard) {
        CHECK(*heard == 7);
        const auto after = co_await mine.receive();
        CHECK_FALSE(after.has_value());
    }
    co_return end;
}

}  // namespace

TEST_CASE("pipe: the stream of an owner that is killed ends, after what it had sent") {
    CHECK(killing::dies_at_each({"ring: before claim", "ring: claimed", "ring: advanced", "ring: before commit",
                                 "ring: committed", "channel: closed", "port: end let go"},
                                &killed_while_sending));
}

TEST_CASE("pipe: who sends to an owner that is killed is told, also while the pipe is full") {
    CHECK(killing::dies_at_each(
        {"ring: before consume", "ring: consumed", "inbox: letter in hand", "inbox: letter finished"},
        &killed_while_receiving));
}

TEST_CASE("pipe: killed between two messages, or in the middle of one, the other end never waits for ever") {
    CHECK(killing::dies_at_each({"ring: consumed", "ring: committed"}, &killed_while_echoing));
}

TEST_CASE("pipe: an end is not lost with the process that sends it on: it arrives, or its stream ends") {
    CHECK(killing::dies_at_each({"parcel: handles written", "parcel: packed", "outbox: parcel committed"},
                                &killed_while_passing_an_end));
}

TEST_CASE("pipe: an end taken by a process that is killed goes to another, or its stream ends") {
    CHECK(killing::dies_at_each({"parcel: received", "port: end held"}, &killed_while_taking_an_end));
}
