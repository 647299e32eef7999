// The actors that measure the C++ Actor Framework, and their messages.
#pragma once

#include <caf/all.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "peer.hpp"

namespace bench::peers {

using item = numbered;
// What an actor sends when it has sent all.
struct finished {
    std::uint64_t sender, sent;
};
// What a receiver lets a sender send.
struct credit {
    std::uint64_t messages;
};

template <class Inspector>
auto inspect(Inspector& f, numbered& one) {
    auto& words = one.rest.words;
    return f(caf::meta::type_name("item"), one.sender, words[0], words[1], words[2], words[3], words[4], words[5],
             words[6]);
}
template <class Inspector>
auto inspect(Inspector& f, finished& one) {
    return f(caf::meta::type_name("finished"), one.sender, one.sent);
}
template <class Inspector>
auto inspect(Inspector& f, credit& one) {
    return f(caf::meta::type_name("credit"), one.messages);
}

}  // namespace bench::peers

CAF_BEGIN_TYPE_ID_BLOCK(peer, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(peer, (bench::peers::numbered))
CAF_ADD_TYPE_ID(peer, (bench::peers::finished))
CAF_ADD_TYPE_ID(peer, (bench::peers::credit))
CAF_END_TYPE_ID_BLOCK(peer)

namespace bench::peers {

inline item item_of(std::uint64_t sender, std::uint64_t number) {
    item one{sender, {}};
    one.rest.write(number);
    return one;
}

// Round trips.
inline caf::behavior answers(caf::event_based_actor* self) {
    return {[self](const item& one) {
                const auto back = caf::actor_cast<caf::actor>(self->current_sender());
                self->send(back, item_of(0, one.rest.number() + (one.rest.whole() ? 1 : 0)));
            },
            [self](const finished&) { self->quit(); }};
}

inline caf::behavior plays(caf::event_based_actor* self, const caf::actor& other, rally* rally) {
    self->send(other, item_of(0, rally->number()));
    return {[self, other, rally](const item& one) {
        rally->returned(one.rest.number() == rally->number() + 1 && one.rest.whole());
        if (rally->goes_on()) {
            self->send(other, item_of(0, rally->number()));
        } else {
            self->send(other, finished{0, 0});
            self->quit();
        }
    }};
}

// One way. A large message is a text, which CAF copies in one piece.
struct plan {
    std::uint64_t sender;
    std::size_t bytes;
    double seconds;
};

inline std::uint64_t most_on_the_way(std::size_t bytes) { return bytes == small ? 1024 : bytes == large ? 16 : 4; }

inline void send_one(caf::event_based_actor* self, const caf::actor& to, const plan& mine, std::uint64_t number) {
    if (mine.bytes == small) {
        self->send(to, item_of(mine.sender, number));
        return;
    }
    std::string text(mine.bytes, '\0');
    for (std::size_t i = 0; i < mine.bytes / 8; i += 8) {
        const std::uint64_t word = number + i;
        std::memcpy(text.data() + 8 * i, &word, sizeof word);
    }
    self->send(to, std::move(text));
}

inline sight sight_of(const std::string& text) {
    sight seen;
    std::uint64_t wrong = 0;
    for (std::size_t i = 0; i < text.size() / 8; i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + 8 * i, sizeof word);
        if (i == 0) seen.n = word;
        wrong |= word ^ (seen.n + i);
    }
    seen.good = wrong == 0 && !text.empty();
    return seen;
}

inline caf::behavior sends(caf::event_based_actor* self, const caf::actor& to, plan mine) {
    self->send(self, credit{most_on_the_way(mine.bytes)});
    const std::int64_t end = now_ns() + static_cast<std::int64_t>(mine.seconds * 1e9);
    return {[self, to, mine, end, number = std::uint64_t{0}](const credit& given) mutable {
        for (std::uint64_t i = 0; i < given.messages; ++i) send_one(self, to, mine, number++);
        if (now_ns() < end) return;
        self->send(to, finished{mine.sender, number});
        self->quit();
    }};
}

// What was read from all senders, in memory that outlives the reader.
struct all_read {
    explicit all_read(std::size_t n) : senders(n) {}

    std::array<tally, many_senders> of;
    std::size_t senders;
    std::int64_t start = 0, stop = 0;
    std::uint64_t lost = 0;

    void take(std::uint64_t sender, std::uint64_t number, bool whole) {
        if (start == 0) start = now_ns();
        of[sender % many_senders].take(number, whole);
    }
    // True when this was the last of them.
    bool ended(const finished& one) {
        lost += one.sent - of[one.sender % many_senders].count();
        stop = now_ns();
        return --senders == 0;
    }
    figure result(const char* program, const char* name, std::size_t bytes) const {
        std::uint64_t count = 0, errors = lost;
        double squares = 0;
        for (const tally& each : of) {
            count += each.count();
            errors += each.errors();
            squares += static_cast<double>(each.count()) * static_cast<double>(each.count());
        }
        const auto n = static_cast<double>(count);
        const double rate = n / static_cast<double>(stop - start);
        return {.program = program,
                .name = name,
                .unit = bytes == small ? "M/s" : "GB/s",
                .value = bytes == small ? rate * 1e3 : rate * static_cast<double>(bytes),
                .jain = of[1].count() > 0 ? n * n / (many_senders * squares) : 0,
                .count = count,
                .errors = errors};
    }
};

inline caf::behavior reads(caf::event_based_actor* self, all_read* into, std::size_t bytes) {
    const auto took = [self, into, at_a_time = most_on_the_way(bytes) / 4](std::uint64_t sender, sight seen) {
        into->take(sender, seen.n, seen.good);
        if (into->of[sender % many_senders].count() % at_a_time == 0)
            self->send(caf::actor_cast<caf::actor>(self->current_sender()), credit{at_a_time});
    };
    return {[took](const item& one) { took(one.sender, {one.rest.number(), one.rest.whole()}); },
            [took](const std::string& text) { took(0, sight_of(text)); },
            [self, into](const finished& one) {
                if (into->ended(one)) self->quit();
            }};
}

}  // namespace bench::peers
