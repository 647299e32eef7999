// Buffers whose sender or receiver is killed at every step: each arrives whole or not at all, and none is left behind.
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/parcels.hpp"
#include "kill/warrant.hpp"

namespace {

using troupe::buffer;

constexpr std::size_t large = 5000;

buffer filled(int with) {
    buffer made(large);
    std::fill(made.bytes().begin(), made.bytes().end(), static_cast<std::byte>(with));
    return made;
}

bool whole(const buffer& held, int with) {
    return held.size() == large && std::all_of(held.bytes().begin(), held.bytes().end(),
                                               [with](std::byte one) { return one == static_cast<std::byte>(with); });
}

struct parcel {
    int number = 0;
    buffer first, second;

    static parcel make(int number) { return {number, filled(2 * number), filled(2 * number + 1)}; }
    bool whole() const { return ::whole(first, 2 * number) && ::whole(second, 2 * number + 1); }
};

using borrow = killing::borrow<parcel>;

// --- through a mailbox, and back

troupe::task<> lend_some(troupe::actor<borrow> to) {
    killing::take_warrant();
    for (int i = 0; i < killing::parcels; ++i) {
        const parcel back = co_await to.ask(borrow{parcel::make(i)});
        if (back.number != i || !back.whole()) throw std::logic_error("a damaged buffer");
    }
}
troupe::task<> give_back_always(troupe::mailbox<borrow> box) {
    co_await box.serve([](borrow b) { return std::move(b.lent); });
}

troupe::task<troupe::exit_status> killed_while_lending() {
    auto keeper = co_await troupe::spawn<&give_back_always>();
    const auto end = co_await (co_await troupe::spawn<&lend_some>(keeper)).join();
    const parcel back = co_await keeper.ask(borrow{parcel::make(9)});
    CHECK(back.whole());
    keeper.stop();
    const auto keeper_status = co_await keeper.join();
    CHECK(keeper_status.success());
    co_return end;
}

// --- through a pipe

troupe::task<> receive_some(troupe::connection<parcel, parcel> conn) {
    killing::take_warrant();
    while (const auto next = co_await conn.receive()) {
        if (!next->whole()) throw std::logic_error("a damaged buffer");
        co_await conn.send(*next);
    }
}

troupe::task<troupe::exit_status> killed_at_a_pipe() {
    auto [mine, theirs] = troupe::pipe<parcel, parcel>();
    auto victim = co_await troupe::spawn<&receive_some>(std::move(theirs));
    try {
        for (int i = 0; i < killing::parcels; ++i) co_await mine.send(parcel::make(i));
        for (int i = 0; i < killing::parcels; ++i) {
            const auto back = co_await mine.receive();
            if (!back) break;
            CHECK(back->number == i);
            CHECK(back->whole());
        }
    } catch (const troupe::closed&) {
    }
    mine.close();
    co_return co_await victim.join();
}

}  // namespace

TEST_CASE("buffer: a producer killed at any step leaves whole ones, and none that nobody owns") {
    CHECK(killing::dies_at_each({"buffer: taken", "parcel: handles written", "parcel: packed", "ring: claimed",
                                 "ring: committed", "outbox: parcel committed", "parcel: buffers sent"},
                                &killing::killed_while_putting<parcel>));
}

TEST_CASE("buffer: a consumer killed while it takes one leaves it whole to the others, or takes it along") {
    CHECK(killing::dies_at_each({"parcel: buffers received", "parcel: received", "buffer: taken out",
                                 "parcel: nothing listed", "block: released"},
                                &killing::killed_while_getting<parcel>));
}

TEST_CASE("buffer: an actor killed with one that it was lent takes it along") {
    CHECK(killing::dies_at_each({"parcel: buffers received", "buffer: taken out", "parcel: buffers sent"},
                                &killing::killed_while_lent<parcel>));
}

TEST_CASE("buffer: an asker killed at any step leaves nothing behind") {
    CHECK(
        killing::dies_at_each({"parcel: packed", "parcel: buffers sent", "buffer: taken out"}, &killed_while_lending));
}

TEST_CASE("buffer: the owner of a pipe's end is killed at any step") {
    CHECK(killing::dies_at_each({"parcel: received", "buffer: taken out", "parcel: buffers sent"}, &killed_at_a_pipe));
}

TEST_CASE("buffer: an actor killed while it starts lets go of those it was given") {
    CHECK(killing::dies_at_each({"parcel: buffers received", "buffer: taken out"},
                                &killing::killed_while_it_starts<parcel>, killing::victim::next_child));
}
