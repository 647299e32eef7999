// Buffers whose sender or receiver is killed at every step: each arrives whole or not at all, and none is left behind.
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/warrant.hpp"

namespace {

using troupe::buffer;

constexpr int items = 2;
constexpr std::size_t large = 5000;

struct parcel {
    int number = 0;
    buffer first, second;
};

buffer filled(int with) {
    buffer made(large);
    std::fill(made.bytes().begin(), made.bytes().end(), static_cast<std::byte>(with));
    return made;
}
parcel make(int number) { return {number, filled(2 * number), filled(2 * number + 1)}; }

bool whole(const buffer& held, int with) {
    return held.size() == large && std::all_of(held.bytes().begin(), held.bytes().end(),
                                               [with](std::byte one) { return one == static_cast<std::byte>(with); });
}
bool whole(const parcel& got) { return whole(got.first, 2 * got.number) && whole(got.second, 2 * got.number + 1); }

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
        if (!whole(next->lent)) throw std::logic_error("a damaged buffer");
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

troupe::task<> lend_some(troupe::actor<borrow> to) {
    killing::take_warrant();
    for (int i = 0; i < items; ++i) {
        const parcel back = co_await to.ask(borrow{make(i)});
        if (back.number != i || !whole(back)) throw std::logic_error("a damaged buffer");
    }
}
troupe::task<> give_back_always(troupe::mailbox<borrow> box) {
    co_await box.serve([](borrow b) { return std::move(b.lent); });
}

troupe::task<troupe::exit_status> killed_while_lending() {
    auto keeper = co_await troupe::spawn<&give_back_always>();
    const auto end = co_await (co_await troupe::spawn<&lend_some>(keeper)).join();
    const parcel back = co_await keeper.ask(borrow{make(9)});
    CHECK(whole(back));
    keeper.stop();
    const auto keeper_status = co_await keeper.join();
    CHECK(keeper_status.success());
    co_return end;
}

// --- through a pipe

troupe::task<> receive_some(troupe::connection<parcel, parcel> conn) {
    killing::take_warrant();
    while (const auto next = co_await conn.receive()) {
        if (!whole(*next)) throw std::logic_error("a damaged buffer");
        co_await conn.send(*next);
    }
}

troupe::task<troupe::exit_status> killed_at_a_pipe() {
    auto [mine, theirs] = troupe::pipe<parcel, parcel>();
    auto victim = co_await troupe::spawn<&receive_some>(std::move(theirs));
    try {
        for (int i = 0; i < items; ++i) co_await mine.send(make(i));
        for (int i = 0; i < items; ++i) {
            const auto back = co_await mine.receive();
            if (!back) break;
            CHECK(back->number == i);
            CHECK(whole(*back));
        }
    } catch (const troupe::closed&) {
    }
    mine.close();
    co_return co_await victim.join();
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

TEST_CASE("buffer: a producer killed at any step leaves whole ones, and none that nobody owns") {
    CHECK(killing::dies_at_each({"buffer: taken", "parcel: handles written", "parcel: packed", "ring: claimed",
                                 "ring: committed", "outbox: parcel committed", "parcel: buffers sent"},
                                &killed_while_putting));
}

TEST_CASE("buffer: a consumer killed while it takes one leaves it whole to the others, or takes it along") {
    CHECK(killing::dies_at_each({"parcel: buffers received", "parcel: received", "buffer: taken out",
                                 "parcel: nothing listed", "block: released"},
                                &killed_while_getting));
}

TEST_CASE("buffer: an actor killed with one that it was lent takes it along") {
    CHECK(killing::dies_at_each({"parcel: buffers received", "buffer: taken out", "parcel: buffers sent"},
                                &killed_while_lent));
}

TEST_CASE("buffer: an asker killed at any step leaves nothing behind") {
    CHECK(
        killing::dies_at_each({"parcel: packed", "parcel: buffers sent", "buffer: taken out"}, &killed_while_lending));
}

TEST_CASE("buffer: the owner of a pipe's end is killed at any step") {
    CHECK(killing::dies_at_each({"parcel: received", "buffer: taken out", "parcel: buffers sent"}, &killed_at_a_pipe));
}

TEST_CASE("buffer: an actor killed while it starts lets go of those it was given") {
    CHECK(killing::dies_at_each({"parcel: buffers received", "buffer: taken out"}, &killed_while_it_starts,
                                killing::victim::next_child));
}
