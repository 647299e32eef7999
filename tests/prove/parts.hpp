// What the actors of the scenes have in common: messages of every kind, and one way to send and to receive them,
// whatever the channel.
#pragma once

#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "channel/participant.hpp"
#include "open_files.hpp"
#include "prove/board.hpp"

namespace proving {

// --- messages, by the way they go

// In the ring, copied.
struct flat {
    int number = 0;
};
// In the ring, packed.
struct packed {
    int number = 0;
    std::string text;
};
// Beside the ring.
struct large {
    int number = 0;
    std::string text;
};
// Beside the ring, with a queue that holds the number once more.
struct with_queue {
    int number = 0;
    troupe::queue<int> proof;
};
// Beside the ring, with an end of a pipe from which the number comes once more.
struct with_end {
    int number = 0;
    troupe::connection<int, int> proof;
};

// The same with a buffer that holds it.
struct with_buffer {
    int number = 0;
    troupe::buffer proof;
};

// The same with an open file from which it can be read.
struct with_file {
    int number = 0;
    troupe::descriptor proof;
};

constexpr std::size_t large_bytes = 9000;

template <class M>
M make(int number) {
    if constexpr (std::is_same_v<M, packed>) {
        return {number, std::string(10, static_cast<char>('a' + number % 26))};
    } else if constexpr (std::is_same_v<M, large>) {
        return {number, std::string(large_bytes, static_cast<char>('a' + number % 26))};
    } else if constexpr (std::is_same_v<M, with_queue>) {
        with_queue made{number, troupe::queue<int>({.capacity = 1})};
        made.proof.try_put(number);
        return made;
    } else if constexpr (std::is_same_v<M, with_end>) {
        auto [mine, theirs] = troupe::pipe<int, int>();
        mine.try_send(number);
        return {number, std::move(theirs)};
    } else if constexpr (std::is_same_v<M, with_buffer>) {
        with_buffer made{number, troupe::buffer(sizeof number)};
        std::memcpy(made.proof.data(), &number, sizeof number);
        return made;
    } else if constexpr (std::is_same_v<M, with_file>) {
        return {number, open_files::holding(number)};
    } else {
        return {number};
    }
}

// The number of a message that arrived whole; -1 of any other.
template <class M>
int number_of(const M& arrived) {
    const int number = arrived.number;
    bool whole = true;
    if constexpr (std::is_same_v<M, packed> || std::is_same_v<M, large>) {
        whole = arrived.text == make<M>(number).text;
    } else if constexpr (std::is_same_v<M, with_queue>) {
        whole = arrived.proof.try_get() == number;
    } else if constexpr (std::is_same_v<M, with_end>) {
        whole = arrived.proof.try_receive() == number;
    } else if constexpr (std::is_same_v<M, with_buffer>) {
        whole = arrived.proof.size() == sizeof number && std::memcmp(arrived.proof.data(), &number, sizeof number) == 0;
    } else if constexpr (std::is_same_v<M, with_file>) {
        whole = open_files::held_by(arrived.proof) == number;
    }
    return whole ? number : -1;
}

// --- channels, by the way they are used

template <class M>
auto send_by(const troupe::actor<M>& to, const M& message) {
    return to.send(message);
}
template <class M>
auto send_by(const troupe::queue<M>& to, const M& message) {
    return to.put(message);
}
template <class M, class Back>
auto send_by(const troupe::connection<M, Back>& to, const M& message) {
    return to.send(message);
}

template <class M>
bool try_send_by(const troupe::actor<M>& to, const M& message) {
    return to.try_send(message) == troupe::send_result::sent;
}
template <class M>
bool try_send_by(const troupe::queue<M>& to, const M& message) {
    return to.try_put(message);
}
template <class M, class Back>
bool try_send_by(const troupe::connection<M, Back>& to, const M& message) {
    return to.try_send(message);
}

template <class M>
auto receive_by(troupe::mailbox<M>& from) {
    return from.receive();
}
template <class M>
auto receive_by(troupe::queue<M>& from) {
    return from.get();
}
template <class Back, class M>
auto receive_by(troupe::connection<Back, M>& from) {
    return from.receive();
}

template <class M>
std::optional<M> try_receive_by(troupe::mailbox<M>& from) {
    auto found = from.try_receive();
    if (!found) return std::nullopt;
    return std::get<0>(*std::move(found));
}
template <class M>
std::optional<M> try_receive_by(troupe::queue<M>& from) {
    return from.try_get();
}
template <class Back, class M>
std::optional<M> try_receive_by(troupe::connection<Back, M>& from) {
    return from.try_receive();
}

// --- waiting for each other

inline troupe::shm::program_memory& memory() { return troupe::channel::participant::here().memory(); }

// Asleep in the kernel, or dead.
inline bool at_rest(troupe::detail::actor_id actor) {
    return !memory().processes().is_alive(actor) || !memory().header().awake.contains(actor.slot());
}

inline troupe::task<> until_at_rest(troupe::detail::actor_id actor) {
    while (!at_rest(actor)) co_await troupe::sleep_for(std::chrono::milliseconds(1));
}

// The victim has come to stand by; gives who it is.
inline troupe::task<troupe::detail::actor_id> until_there_is_a_victim() {
    while (board::here().go == 0) co_await troupe::sleep_for(std::chrono::milliseconds(1));
    co_return troupe::detail::actor_id{board::here().victim};
}

// Phases only go up, whoever is late.
inline void reach_phase(std::uint32_t wanted) {
    auto& phase = board::here().phase;
    for (std::uint32_t now = phase; now < wanted && !phase.compare_exchange_weak(now, wanted);) {
    }
}

inline troupe::task<> until_phase(std::uint32_t wanted) {
    while (board::here().phase < wanted) co_await troupe::sleep_for(std::chrono::milliseconds(1));
}

inline troupe::detail::actor_id own_id() { return troupe::channel::participant::here().actor(); }

inline std::string in_words(const std::vector<int>& numbers) {
    std::string words;
    for (const int one : numbers) words += (words.empty() ? "" : " ") + std::to_string(one);
    return words;
}

}  // namespace proving
