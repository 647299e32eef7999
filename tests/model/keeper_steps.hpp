// What the keeper does about a death: makes it known, rings, and where the dead one is to begin again, disowns it.
#pragma once

#include <algorithm>
#include <utility>

#include "many_reader_steps.hpp"
#include "one_reader_steps.hpp"
#include "writer_steps.hpp"

namespace model {

enum disowning_at : std::uint8_t { d_tail, d_claim_word, d_mark, d_claim, d_give_back, d_sweep, d_revive };

// A sweep as in sweeping_steps, where every step of it stands alone; here it is one.
inline void sweep_at_once(state& s) {
    int to = s.head;
    for (; to - s.head < granules; to += s.claims[index_of(to)].size) {
        const claim_word claim = s.claims[index_of(to)];
        const mark_word mark = s.marks[index_of(to)];
        if (claim.lap != lap_of(to)) break;
        if (claim.pad) continue;
        const std::uint8_t word = s.words[index_of(to)];
        const bool touched = mark.lap == lap_of(to);
        const bool nothing = !touched && ((word & tag_mask) == void_tag || (word == 0 && is_dead(s, claim.owner)));
        if (!nothing && !(touched && mark.state == done)) break;
        s.marks[index_of(to)] = {static_cast<std::uint8_t>(lap_of(to)), done, 0, nobody};
        ++s.head_messages;
    }
    if (to == s.head) return;
    for (int at = s.head; at < to; ++at) s.words[index_of(at)] = 0;
    s.head = static_cast<std::uint8_t>(to);
    if (std::exchange(s.waiters, std::uint8_t{0}) != 0) ring_all_writers(s);
}

inline void look_further(state& s, int size) {
    s.at = static_cast<std::uint8_t>(s.at + size);
    s.step = s.at > s.last ? d_sweep : d_claim_word;
}

template <class Emit>
void disowning_steps(const setting& set, const state& s, Emit emit) {
    state n = s;
    const int dead = s.disowning - 1, i = index_of(s.at);
    const claim_word claim = s.claims[i];
    const mark_word mark = s.marks[i];
    const bool had = mark.lap == lap_of(s.at) && mark.state == taken && mark.owner == dead;
    switch (s.step) {
    case d_tail:
        n.last = s.tail;
        n.step = d_claim_word;
        return emit("keeper: how far it may have claimed", &n);
    case d_claim_word:
        if (claim.lap == lap_of(s.at)) {
            n.step = d_mark;
            if (claim.pad) look_further(n, claim.size);
        } else if (s.head > s.at) {
            n.at = s.head;
            look_further(n, 0);
        } else {
            n.step = d_sweep;
        }
        return emit("keeper: whose claim is it", &n);
    case d_mark:
        n.step = d_claim;
        if (claim.lap != lap_of(s.at)) {
            n.step = d_claim_word;  // read past meanwhile
        } else if ((mark.lap == lap_of(s.at) && mark.state == done) || (claim.owner != dead && !had)) {
            look_further(n, claim.size);
        }
        return emit("keeper: who has taken it", &n);
    case d_claim:
        if (claim.lap == lap_of(s.at) && claim.owner == dead) n.claims[i].owner = nobody;
        n.step = d_give_back;
        return emit("keeper: DISOWNS a claim", &n);
    case d_give_back:
        if (had)
            n.marks[i] = {mark.lap, available,
                          static_cast<std::uint8_t>((mark.rounds + (set.planted != fault::no_rounds)) & 3), 0};
        n.step = d_claim_word;
        if (claim.lap == lap_of(s.at)) look_further(n, claim.size);
        return emit("keeper: gives back what it had taken", &n);
    case d_sweep: {
        n.step = d_revive;
        if (!set.shared()) return emit("keeper: has disowned it", &n);
        const bool theirs = s.sweeper != 0 && !is_dead(s, s.sweeper - 1);
        ++n.requests;
        if (!theirs) {
            n.sweeper = 0;
            sweep_at_once(n);
        }
        return emit(theirs ? "keeper: asks the sweeper" : "keeper: sweeps", &n);
    }
    case d_revive:
        n.dead = static_cast<std::uint8_t>(s.dead & ~(1 << dead));
        n.disowning = n.at = n.last = n.step = 0;
        if (dead < most_writers) {
            next_message(n.writer[dead]);
        } else {
            n.reader[dead - most_writers] = {};
        }
        return emit("REVIVED", &n);
    default: return;
    }
}

template <class Emit>
void keeper_steps(const setting& set, const state& s, Emit emit) {
    if (s.disowning != 0) return disowning_steps(set, s, emit);
    for (int process = 0; process < most_writers + most_readers; ++process) {
        if (s.reaping[process] == 0) continue;
        state n = s;
        if (s.reaping[process] == 1) {
            n.dead |= static_cast<std::uint8_t>(1 << process);
            ++n.deaths;
            n.reaping[process] = 2;
            emit("keeper: marks it dead", &n);
            continue;
        }
        if (s.reaping[process] == 3) {
            n.reaping[process] = 0;
            n.disowning = static_cast<std::uint8_t>(process + 1);
            n.at = s.head;
            if (set.planted == fault::no_disowning) n.step = d_revive;
            emit("keeper: begins to disown", &n);
            continue;
        }
        n.reaping[process] = set.reviving ? 3 : 0;
        n.waiting_writers = static_cast<std::uint8_t>(s.waiting_writers & ~(1 << process));
        n.waiting_readers = static_cast<std::uint8_t>(s.waiting_readers & ~(1 << process));
        if (set.planted != fault::no_keeper_bell) {
            for (int r = 0; r < (set.shared() ? set.readers : 1); ++r)
                n.bells |= static_cast<std::uint8_t>(1 << reader_process(r));
            n.bells |= n.waiting_writers;
        }
        emit("keeper: rings everybody", &n);
    }
}

}  // namespace model
