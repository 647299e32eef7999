// Descriptors whose sender or receiver is killed at every step: each file arrives with what is in it, or is closed, and
// the keeper has none of it afterwards. What it still had would be an open descriptor of this process.
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/warrant.hpp"
#include "open_files.hpp"

namespace {

using open_files::held_by;
using open_files::holding;
using troupe::descriptor;

constexpr int items = 2;

struct parcel {
    int number = 0;
    descriptor first, second;
};
parcel make(int number) { return {number, holding(2 * number), holding(2 * number + 1)}; }
bool whole(const parcel& got) {
    return held_by(got.first) == 2 * got.number && held_by(got.second) == 2 * got.number + 1;
}

// --- through a queue

troupe::task<> put_some(troupe::queue<parcel> q) {
    killing::take_warrant();
    for (int i = 0; i < items; ++i) {
        co_await q.put(make(i));
        killing::note(i + 1);
    }
}

troupe::task<troupe::exit_status> killed_while_putting() {
    troupe::queue<parcel> q;
    const auto end = co_await (co_await troupe::spawn<&put_some>(q)).join();
    co_await q.put(make(100));
    q.close();
    int got = 0;
    bool last = false;
    while (const auto item = co_await q.get()) {
        CHECK(whole(*item));
        if (item->number == 100) {
            last = true;
        } else {
            CHECK(item->number == got++);
        }
    }
    CHECK(last);
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted() << ", got " << got);
    CHECK(got >= killing::noted());
    CHECK(got <= killing::noted() + 1);
    co_return end;
}

troupe::task<> get_some(troupe::queue<parcel> q) {
    killing::take_warrant();
    for (int i = 0; i < items; ++i) {
        const auto item = co_await q.get();
        if (!item || !whole(*item)) co_return;
        killing::note(i + 1);
    }
}

troupe::task<troupe::exit_status> killed_while_getting() {
    troupe::queue<parcel> q;
    for (int i = 0; i < 2 * items; ++i) co_await q.put(make(i));
    const auto end = co_await (co_await troupe::spawn<&get_some>(q)).join();
    q.close();
    std::vector<parcel> rest;
    while (auto item = co_await q.get()) rest.push_back(std::move(*item));
    const int its_own = 2 * items - static_cast<int>(rest.size());
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted() << ", rest " << rest.size());
    CHECK(its_own >= killing::noted());
    CHECK(its_own <= killing::noted() + 1);
    for (std::size_t i = 0; i < rest.size(); ++i) {
        CHECK(rest[i].number == its_own + static_cast<int>(i));
        CHECK(whole(rest[i]));
    }
    co_return end;
}

// Both ends: the one that puts dies, and then who gets it.
troupe::task<troupe::exit_status> both_killed() {
    troupe::queue<parcel> q;
    const auto end = co_await (co_await troupe::spawn<&put_some>(q)).join();
    const auto reader = co_await troupe::spawn<&get_some>(q);
    reader.kill();
    co_await reader.join();
    co_return end;
}

// --- through a mailbox, and back

struct borrow {
    using reply = parcel;
    parcel lent;
};

troupe::task<> give_back(troupe::mailbox<borrow> box) {
    killing::take_warrant();
    for (int i = 0; i < items; ++i) {
        auto next = co_await box.receive();
        if (!next) co_return;
        if (!next->lent.first) throw std::logic_error("a file is missing");
        next->reply(std::move(next->lent));
        killing::note(i + 1);
    }
}

troupe::task<troupe::exit_status> killed_while_lent() {
    auto victim = co_await troupe::spawn<&give_back>();
    int returned = 0;
    try {
        for (int i = 0; i < items; ++i) {
            const parcel back = co_await victim.ask(borrow{make(i)});
            CHECK(back.number == i);
            CHECK(whole(back));
            ++returned;
        }
    } catch (const troupe::actor_died& death) {
        CHECK(death.status().code() == -9);
    }
    CHECK(returned >= killing::noted());
    CHECK(returned <= killing::noted() + 1);
    co_return co_await victim.join();
}

// --- under a supervisor: what was not received is received by the next incarnation

troupe::task<> read_all(troupe::mailbox<parcel> box, troupe::queue<int> seen) {
    if (troupe::this_actor::incarnation() == 0) killing::take_warrant();
    while (const auto next = co_await box.receive()) co_await seen.put(whole(*next) ? next->number : -1);
}

troupe::task<troupe::exit_status> killed_while_supervised() {
    troupe::queue<int> seen;
    troupe::supervisor boss({.back_off = std::chrono::nanoseconds(0)});
    const auto victim = co_await boss.spawn<&read_all>({.name = "victim"}, seen);
    for (int i = 0; i < 3; ++i) co_await victim.send(make(i));
    // At most the one that it died with is gone with it.
    int last = -1;
    for (int got = 0; got < 2; ++got) {
        const auto one = co_await seen.get();
        CHECK(*one > last);
        last = *one;
    }
    killing::withdraw_warrant();
    co_await victim.send(make(3));
    while (last != 3) {
        const auto one = co_await seen.get();
        CHECK(*one > last);
        last = *one;
    }
    const bool died = boss.restarts() > 0;
    co_await boss.stop();
    co_return died ? troupe::exit_status::from_signal(SIGKILL, false) : troupe::exit_status::from_exit(0);
}

// --- as an argument

troupe::task<int> take_as_argument(parcel given) { co_return whole(given) ? 0 : 1; }

troupe::task<troupe::exit_status> killed_while_it_starts() {
    troupe::exit_status end = troupe::exit_status::from_signal(SIGKILL, false);
    try {
        end = co_await (co_await troupe::spawn<&take_as_argument>(make(3))).join();
    } catch (const troupe::spawn_failed&) {
    }
    killing::withdraw_warrant();
    const auto next = co_await (co_await troupe::spawn<&take_as_argument>(make(4))).join();
    CHECK(next.success());  // not harmed by what is left
    co_return end;
}

}  // namespace

TEST_CASE("descriptor: a producer killed at any step leaves whole messages, and no file that nobody owns") {
    CHECK(killing::dies_at_each({"file: about to be handed over", "file: handed over", "parcel: packed",
                                 "ring: committed", "outbox: parcel committed", "parcel: buffers sent"},
                                &killed_while_putting));
}

TEST_CASE("descriptor: a consumer killed before it asks leaves the file to the others, and takes it along after that") {
    CHECK(killing::dies_at_each({"parcel: received", "file: about to be asked for", "file: received", "file: taken out",
                                 "parcel: nothing listed"},
                                &killed_while_getting));
}

TEST_CASE("descriptor: a producer killed at any step, and then the consumer, leave nothing open") {
    CHECK(killing::dies_at_each({"file: handed over", "outbox: parcel committed"}, &both_killed));
}

TEST_CASE("descriptor: an actor killed with one that it is to give back takes it along") {
    CHECK(killing::dies_at_each(
        {"file: about to be asked for", "file: taken out", "file: handed over", "parcel: buffers sent"},
        &killed_while_lent));
}

TEST_CASE("descriptor: what a supervised actor had not received when it was killed is received by the next one") {
    CHECK(killing::dies_at_each({"parcel: received", "file: about to be asked for", "file: received"},
                                &killed_while_supervised));
}

TEST_CASE("descriptor: an actor killed while it starts lets go of those it was given") {
    CHECK(killing::dies_at_each({"file: about to be asked for", "file: received", "file: taken out"},
                                &killed_while_it_starts, killing::victim::next_child));
}
