// All parties together: who may be killed when, what the keeper does about it, and what must be true in the end.
#pragma once

#include <string>

#include "explorer.hpp"
#include "keeper_steps.hpp"

namespace model {

inline state first_state(const setting& set) {
    state s;
    std::memset(&s, 0, sizeof s);
    s.kills_left = static_cast<std::uint8_t>(set.writer_kills);
    s.reader_kills_left = static_cast<std::uint8_t>(set.reader_kills);
    s.closer = set.closing ? 1 : 0;
    for (int w = set.writers(); w < most_writers; ++w) s.writer[w].pc = w_finished;
    for (int r = 1; r < most_readers; ++r)
        if (r >= set.readers) s.reader[r].pc = set.shared() ? std::uint8_t{q_ended} : std::uint8_t{r_ended};
    return s;
}

template <class Emit>
void kill_steps(const setting& set, const state& s, Emit emit) {
    for (int w = 0; w < set.writers() && s.kills_left > 0; ++w) {
        if (s.writer[w].pc >= w_finished || s.writer[w].message >= set.sizes[static_cast<std::size_t>(w)].size())
            continue;
        state n = s;
        --n.kills_left;
        n.writer[w] = {};
        n.writer[w].message = s.writer[w].message;
        n.writer[w].pc = w_killed;
        n.reaping[w] = 1;
        emit("KILLED: a writer", &n);
    }
    for (int r = 0; r < (set.shared() ? set.readers : 1) && s.reader_kills_left > 0; ++r) {
        if (s.reader[r].pc == (set.shared() ? static_cast<int>(q_killed) : static_cast<int>(r_killed))) continue;
        if (s.reader[r].pc == (set.shared() ? static_cast<int>(q_ended) : static_cast<int>(r_ended))) continue;
        state n = s;
        --n.reader_kills_left;
        n.reader[r] = {};
        n.reader[r].pc = set.shared() ? static_cast<std::uint8_t>(q_killed) : static_cast<std::uint8_t>(r_killed);
        if (set.shared()) n.reaping[reader_process(r)] = 1;
        emit("KILLED: a reader", &n);
    }
}

// Closes, then rings as it was told.
template <class Emit>
void closer_steps(const setting& set, const state& s, Emit emit) {
    state n = s;
    if (s.closer == 1) {
        n.closed = 1;
        n.closer = s.parked ? 2 : 3;
        emit("closer: CLOSES", &n);
    } else if (s.closer == 2) {
        for (int r = 0; r < (set.shared() ? set.readers : 1); ++r)
            if (!set.shared() || (s.waiting_readers >> reader_process(r) & 1) != 0)
                n.bells |= static_cast<std::uint8_t>(1 << reader_process(r));
        n.closer = 3;
        emit("closer: rings the readers", &n);
    } else if (s.closer == 3) {
        ring_all_writers(n);
        n.closer = 0;
        emit("closer: rings the writers", &n);
    }
}

inline std::string wrong_at_the_end(const setting& set, const state& s) {
    for (int w = 0; w < set.writers(); ++w) {
        const writer_state& me = s.writer[w];
        const bool through = me.pc >= w_finished || me.message >= set.sizes[static_cast<std::size_t>(w)].size();
        if (!through && !set.keeping) return me.pc == w_sleep ? "a writer sleeps for ever" : "a writer is stuck";
    }
    int alive = 0;
    for (int r = 0; r < (set.shared() ? set.readers : 1); ++r) {
        const int pc = s.reader[r].pc;
        if (set.shared() && pc == q_killed) continue;
        ++alive;
        const bool rests =
            set.shared() ? pc == q_sleep || pc == q_ended || pc == q_kept : pc == r_sleep || pc == r_ended;
        if (!rests) return "a reader is stuck";
        if (set.closing && pc == (set.shared() ? static_cast<int>(q_sleep) : static_cast<int>(r_sleep)))
            return "a reader sleeps though the ring has ended";
    }
    if (alive == 0) return {};
    int kept = 0;
    for (int w = 0; w < set.writers(); ++w) kept += s.committed[w] != s.delivered[w];
    if (set.keeping) {
        int missing = 0;
        for (int w = 0; w < set.writers(); ++w)
            for (int m = 0; m < 8; ++m) missing += ((s.committed[w] ^ s.delivered[w]) >> m & 1) != 0;
        return missing <= 1 ? "" : "a reader sleeps while a message waits";
    }
    if (kept != 0) return "a committed message was never delivered";
    if (set.closing) return {};  // what came behind the end stays
    for (const std::uint8_t word : s.words)
        if (word != 0) return "a granule was not cleared";
    if (s.head != s.tail) return "the head did not reach the tail";
    if (s.head_messages != s.tail_messages) return "the counts of messages differ";
    return {};
}

inline verdict check(const setting& set, std::size_t most_states = 30'000'000) {
    const auto steps = [&set](const state& s, auto emit) {
        for (int w = 0; w < set.writers(); ++w) writer_steps(set, s, w, emit);
        if (set.shared())
            for (int r = 0; r < set.readers; ++r) many_reader_steps(set, s, r, emit);
        else
            one_reader_steps(set, s, emit);
        keeper_steps(set, s, emit);
        closer_steps(set, s, emit);
        kill_steps(set, s, emit);
    };
    const auto judge = [&set](const state& s) { return wrong_at_the_end(set, s); };
    return explore(first_state(set), steps, judge, most_states);
}

}  // namespace model
