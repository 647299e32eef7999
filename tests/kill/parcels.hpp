// Messages with handles, between processes that die at each step: a sender that dies has sent its next message or not,
// and so has a receiver taken it. A Parcel has a number, can be made of one, and says whether it is whole.
#pragma once

#include <csignal>
#include <cstddef>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/warrant.hpp"

namespace killing {

inline constexpr int parcels = 2;  // that the one who dies puts or gets

// --- through a queue

template <class Parcel>
troupe::task<> put_some(troupe::queue<Parcel> q) {
    take_warrant();
    for (int i = 0; i < parcels; ++i) {
        co_await q.put(Parcel::make(i));
        note(i + 1);
    }
}

template <class Parcel>
troupe::task<troupe::exit_status> killed_while_putting() {
    troupe::queue<Parcel> q;
    const auto end = co_await (co_await troupe::spawn<&put_some<Parcel>>(q)).join();
    co_await q.put(Parcel::make(100));
    q.close();
    int got = 0;
    bool last = false;
    while (const auto item = co_await q.get()) {
        CHECK(item->whole());
        if (item->number == 100) {
            last = true;
        } else {
            CHECK(item->number == got++);
        }
    }
    CHECK(last);
    INFO("died at " << place_of_death() << ", noted " << noted() << ", got " << got);
    CHECK(got >= noted());
    CHECK(got <= noted() + 1);
    co_return end;
}

template <class Parcel>
troupe::task<> get_some(troupe::queue<Parcel> q) {
    take_warrant();
    for (int i = 0; i < parcels; ++i) {
        const auto item = co_await q.get();
        if (!item || !item->whole()) co_return;
        note(i + 1);
    }
}

template <class Parcel>
troupe::task<troupe::exit_status> killed_while_getting() {
    troupe::queue<Parcel> q;
    for (int i = 0; i < 2 * parcels; ++i) co_await q.put(Parcel::make(i));
    const auto end = co_await (co_await troupe::spawn<&get_some<Parcel>>(q)).join();
    q.close();
    std::vector<Parcel> rest;
    while (auto item = co_await q.get()) rest.push_back(std::move(*item));
    const int its_own = 2 * parcels - static_cast<int>(rest.size());
    INFO("died at " << place_of_death() << ", noted " << noted() << ", rest " << rest.size());
    CHECK(its_own >= noted());
    CHECK(its_own <= noted() + 1);
    for (std::size_t i = 0; i < rest.size(); ++i) {
        CHECK(rest[i].number == its_own + static_cast<int>(i));
        CHECK(rest[i].whole());
    }
    co_return end;
}

// --- through a mailbox, and back

template <class Parcel>
struct borrow {
    using reply = Parcel;
    Parcel lent;
};

template <class Parcel>
troupe::task<> give_back(troupe::mailbox<borrow<Parcel>> box) {
    take_warrant();
    for (int i = 0; i < parcels; ++i) {
        auto next = co_await box.receive();
        if (!next) co_return;
        next->reply(std::move(next->lent));
        note(i + 1);
    }
}

template <class Parcel>
troupe::task<troupe::exit_status> killed_while_lent() {
    auto victim = co_await troupe::spawn<&give_back<Parcel>>();
    int returned = 0;
    try {
        for (int i = 0; i < parcels; ++i) {
            const Parcel back = co_await victim.ask(borrow<Parcel>{Parcel::make(i)});
            CHECK(back.number == i);
            CHECK(back.whole());
            ++returned;
        }
    } catch (const troupe::actor_died& death) {
        CHECK(death.status().code() == -SIGKILL);
    }
    CHECK(returned >= noted());
    CHECK(returned <= noted() + 1);
    co_return co_await victim.join();
}

// --- as an argument

template <class Parcel>
troupe::task<int> take_as_argument(Parcel given) {
    co_return given.whole() ? 0 : 1;
}

template <class Parcel>
troupe::task<troupe::exit_status> killed_while_it_starts() {
    troupe::exit_status end = troupe::exit_status::from_signal(SIGKILL, false);
    try {
        end = co_await (co_await troupe::spawn<&take_as_argument<Parcel>>(Parcel::make(3))).join();
    } catch (const troupe::spawn_failed&) {
    }
    withdraw_warrant();
    const auto next = co_await (co_await troupe::spawn<&take_as_argument<Parcel>>(Parcel::make(4))).join();
    CHECK(next.success());  // not harmed by what is left
    co_return end;
}

}  // namespace killing
