// Descriptors whose sender or receiver is killed at every step: each file arrives with what is in it, or is closed, and
// the keeper has none of it afterwards. What it still had would be an open descriptor of this process.
#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/parcels.hpp"
#include "kill/warrant.hpp"
#include "open_files.hpp"

namespace {

using open_files::held_by;
using open_files::holding;
using troupe::descriptor;

struct parcel {
    int number = 0;
    descriptor first, second;

    static parcel make(int number) { return {number, holding(2 * number), holding(2 * number + 1)}; }
    bool whole() const { return held_by(first) == 2 * number && held_by(second) == 2 * number + 1; }
};

// Both ends: the one that puts dies, and then who gets it.
troupe::task<troupe::exit_status> both_killed() {
    troupe::queue<parcel> q;
    const auto end = co_await (co_await troupe::spawn<&killing::put_some<parcel>>(q)).join();
    const auto reader = co_await troupe::spawn<&killing::get_some<parcel>>(q);
    reader.kill();
    co_await reader.join();
    co_return end;
}

// --- under a supervisor: what was not received is received by the next incarnation

troupe::task<> read_all(troupe::mailbox<parcel> box, troupe::queue<int> seen) {
    if (troupe::this_actor::incarnation() == 0) killing::take_warrant();
    while (const auto next = co_await box.receive()) co_await seen.put(next->whole() ? next->number : -1);
}

troupe::task<troupe::exit_status> killed_while_supervised() {
    troupe::queue<int> seen;
    troupe::supervisor boss({.back_off = std::chrono::nanoseconds(0)});
    const auto victim = co_await boss.spawn<&read_all>({.name = "victim"}, seen);
    for (int i = 0; i < 3; ++i) co_await victim.send(parcel::make(i));
    // At most the one that it died with is gone with it.
    int last = -1;
    for (int got = 0; got < 2; ++got) {
        const auto one = co_await seen.get();
        CHECK(*one > last);
        last = *one;
    }
    killing::withdraw_warrant();
    co_await victim.send(parcel::make(3));
    while (last != 3) {
        const auto one = co_await seen.get();
        CHECK(*one > last);
        last = *one;
    }
    const bool died = boss.restarts() > 0;
    co_await boss.stop();
    co_return died ? troupe::exit_status::from_signal(SIGKILL, false) : troupe::exit_status::from_exit(0);
}

}  // namespace

TEST_CASE("descriptor: a producer killed at any step leaves whole messages, and no file that nobody owns") {
    CHECK(killing::dies_at_each({"file: about to be handed over", "file: handed over", "parcel: packed",
                                 "ring: committed", "outbox: parcel committed", "parcel: buffers sent"},
                                &killing::killed_while_putting<parcel>));
}

TEST_CASE("descriptor: a consumer killed before it asks leaves the file to the others, and takes it along after that") {
    CHECK(killing::dies_at_each({"parcel: received", "file: about to be asked for", "file: received", "file: taken out",
                                 "parcel: nothing listed"},
                                &killing::killed_while_getting<parcel>));
}

TEST_CASE("descriptor: a producer killed at any step, and then the consumer, leave nothing open") {
    CHECK(killing::dies_at_each({"file: handed over", "outbox: parcel committed"}, &both_killed));
}

TEST_CASE("descriptor: an actor killed with one that it is to give back takes it along") {
    CHECK(killing::dies_at_each(
        {"file: about to be asked for", "file: taken out", "file: handed over", "parcel: buffers sent"},
        &killing::killed_while_lent<parcel>));
}

TEST_CASE("descriptor: what a supervised actor had not received when it was killed is received by the next one") {
    CHECK(killing::dies_at_each({"parcel: received", "file: about to be asked for", "file: received"},
                                &killed_while_supervised));
}

TEST_CASE("descriptor: an actor killed while it starts lets go of those it was given") {
    CHECK(killing::dies_at_each({"file: about to be asked for", "file: received", "file: taken out"},
                                &killing::killed_while_it_starts<parcel>, killing::victim::next_child));
}
