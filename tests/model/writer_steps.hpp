// What a writer does next.
#pragma once

#include "ring_state.hpp"

namespace model {

enum writer_at : std::uint8_t {
    w_tail,
    w_claim_word,
    w_head,
    w_help,
    w_ask,
    w_wish,
    w_look_parked,
    w_sleep,
    w_claim,
    w_advance,
    w_copy,
    w_commit,
    w_epoch,
    w_ring,
    w_leave,
    w_finished,
    w_killed,
};

inline void next_message(writer_state& me) {
    const std::uint8_t message = static_cast<std::uint8_t>(me.message + 1), rung = me.rung;
    me = {};
    me.message = message;
    me.rung = rung;
}
inline void leave(writer_state& me) {
    if (me.asking || me.closed)
        me.pc = w_leave;
    else
        next_message(me);
}
// Everything seen is looked at anew; what it waits for stays.
inline void start_over(writer_state& me) {
    me.pc = w_tail;
    me.position = me.head_seen = me.copied = me.tail_messages = 0;
    me.parked = me.tight = me.pad = 0;
    me.seen = {};
}

// Judges room by the head as it is now.
inline void judge_room(const setting& set, const state& s, writer_state& me, int w) {
    const int position = me.position, size = size_of(set, number_of(w, me.message));
    const int left = granules - index_of(position);
    const bool pad = size > left;
    const int need = pad ? left + size : size, used = position - s.head;
    const int messages = static_cast<std::uint8_t>(me.tail_messages - s.head_messages);
    if (used < 0) return start_over(me);
    const bool none = used + need > granules || (messages < 128 && messages >= set.capacity_of(w));
    bool tight = false;
    if (!none && set.giving_way && used + need > granules / 2 && !me.has_turn && s.waiters && !me.parked) {
        tight = !me.gave_way || me.gave_way_at == s.head;
        if (!me.gave_way) me.gave_way_at = s.head;
        me.gave_way = 1;
    }
    if (!none && !tight) {
        me.pad = pad;
        me.pc = w_claim;
        return;
    }
    if (!set.sleeping) return start_over(me);
    if (!me.asking) {
        start_over(me);
        me.pc = w_ask;
        return;
    }
    if (none) me.has_turn = 1;
    me.tight = tight;
    me.head_seen = s.head;
    me.pc = w_wish;
}

template <class Emit>
void writer_steps(const setting& set, const state& s, int w, Emit emit) {
    state n = s;
    writer_state& me = n.writer[w];
    const int p = me.position, i = index_of(p);
    const auto& mine = set.sizes[static_cast<std::size_t>(w)];
    const std::uint8_t number = number_of(w, me.message);
    const std::uint8_t bit = static_cast<std::uint8_t>(1 << w);

    switch (me.pc) {
    case w_tail:
        if (me.message >= mine.size()) return;
        if (s.closed) {
            me.closed = 1;
            me.pc = w_leave;
            return emit("writer: sees the end", &n);
        }
        me.position = s.tail;
        me.tail_messages = s.tail_messages;
        me.parked = s.parked;
        me.pc = w_claim_word;
        return emit("writer: reads tail", &n);
    case w_claim_word:
        me.seen = s.claims[i];
        if (me.seen.lap > lap_of(p))
            start_over(me);
        else
            me.pc = me.seen.lap == lap_of(p) ? w_help : w_head;
        return emit("writer: reads claim word", &n);
    case w_help:
        if (s.tail == p) advance(n, me.seen);
        start_over(me);
        return emit("writer: helps", &n);
    case w_head: judge_room(set, s, me, w); return emit("writer: reads head", &n);
    case w_ask:
        n.waiting_writers |= bit;
        me.asking = 1;
        me.pc = w_tail;
        return emit("writer: asks for room", &n);
    case w_wish: {
        const bool moved = s.head != me.head_seen && set.planted != fault::wish_without_look;
        const bool tight = me.tight;
        n.waiters = 1;
        start_over(me);
        if (!moved) me.pc = tight ? w_look_parked : w_sleep;
        return emit("writer: sets WAITERS", &n);
    }
    case w_look_parked: me.pc = s.parked ? w_tail : w_sleep; return emit("writer: looks whether the reader parks", &n);
    case w_sleep:
        if ((s.bells & bit) == 0) return;
        n.bells = static_cast<std::uint8_t>(s.bells & ~bit);
        me.pc = w_tail;
        return emit("writer: wakes", &n);
    case w_claim: {
        if (!(s.claims[i] == me.seen)) {
            start_over(me);
            return emit("writer: claim fails", &n);
        }
        const int size = me.pad ? granules - i : size_of(set, number);
        n.claims[i] = {static_cast<std::uint8_t>(lap_of(p)), static_cast<std::uint8_t>(size & 7), me.pad,
                       static_cast<std::uint8_t>(w & 15)};
        me.seen = n.claims[i];
        me.parked = 0;
        me.pc = w_advance;
        return emit(me.pad ? "writer: CLAIMS a pad" : "writer: CLAIMS", &n);
    }
    case w_advance: {
        me.parked = s.parked;
        me.closed = s.closed && set.planted != fault::no_void_at_close;
        if (s.tail == p) {
            advance(n, me.seen);
            if (set.planted == fault::claim_clears_parked) n.parked = 0;
        }
        const bool pad = me.pad;
        if (pad) {
            me.closed = 0;
            start_over(me);
        } else {
            me.seen = {};
            me.tail_messages = 0;
            me.gave_way = me.has_turn = 0;
            me.gave_way_at = 0;
            me.pc = w_copy;
        }
        return emit("writer: advances the tail", &n);
    }
    case w_copy: {
        const int size = size_of(set, number);
        const int at = index_of(p + me.copied);
        if (s.words[at] != 0) return emit("VIOLATION: a writer's granule is not clear", nullptr);
        n.words[at] = me.copied == 0 ? 0 : static_cast<std::uint8_t>(payload_tag | number);
        if (++me.copied == size) {
            me.copied = 0;
            me.pc = w_commit;
        }
        return emit("writer: copies", &n);
    }
    case w_commit: {
        if (s.words[i] != 0) return emit("VIOLATION: a header is there before the commit", nullptr);
        const bool is_void = me.closed || abandoned(set, number);
        n.words[i] = static_cast<std::uint8_t>(is_void ? void_tag | size_of(set, number) : header_tag | number);
        if (!is_void) n.committed[w] |= static_cast<std::uint8_t>(1 << me.message);
        me.position = 0;
        const bool ring = me.parked && !me.closed;
        me.parked = 0;
        if (ring)
            me.pc = w_epoch;
        else
            leave(me);
        return emit(is_void ? "writer: commits a void record" : "writer: COMMITS", &n);
    }
    case w_epoch:
        if (set.shared()) {  // picks one that waits, whichever
            leave(me);
            if (s.waiting_readers == 0) emit("writer: nobody waits", &n);
            for (int r = 0; r < set.readers; ++r) {
                if ((s.waiting_readers >> reader_process(r) & 1) == 0) continue;
                n.bells = static_cast<std::uint8_t>(s.bells | 1 << reader_process(r));
                emit("writer: RINGS one", &n);
            }
            return;
        }
        if (me.rung)
            leave(me);
        else
            me.pc = w_ring;
        me.rung = 1;
        return emit("writer: reads the epoch", &n);
    case w_ring:
        n.bells |= static_cast<std::uint8_t>(1 << reader_process(0));
        leave(me);
        return emit("writer: RINGS", &n);
    case w_leave: {
        n.waiting_writers = static_cast<std::uint8_t>(s.waiting_writers & ~bit);
        const bool closed = me.closed;
        next_message(me);
        if (closed) me.pc = w_finished;
        return emit("writer: done with it", &n);
    }
    default: return;
    }
}

}  // namespace model
