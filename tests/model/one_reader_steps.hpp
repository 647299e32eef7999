// What the reader of a ring with one reader does next, and its successor when it is killed.
#pragma once

#include "ring_state.hpp"

namespace model {

enum reader_at : std::uint8_t {
    r_look,
    r_consume,
    r_consumed,
    r_claim_word,
    r_dead_claim,
    r_empty,
    r_parked,
    r_sleep,
    r_drained,
    r_counted,
    r_journal,
    r_clear,
    r_exchange,
    r_ring,
    r_scrub,
    r_ended,
    r_killed,
    r_unpark_first,
    r_recover,
    r_clear_again,
    r_exchange_again,
};

inline void look_again(reader_state& me) {
    me.pc = r_look;
    me.at = me.cursor;
    me.size = me.zeroed = me.number = 0;
}
// Past something that is no message for us: the cursor follows when it stood there.
inline void step_over(reader_state& me, int size, bool message) {
    if (me.at == me.cursor) {
        me.cursor = static_cast<std::uint8_t>(me.cursor + size);
        me.messages = static_cast<std::uint8_t>(me.messages + message);
    }
    me.at = static_cast<std::uint8_t>(me.at + size);
    me.pc = r_look;
}
inline void begin_flush(const setting& set, const state& s, reader_state& me) {
    me.at = me.cursor;
    me.pc = me.cursor == s.head ? r_look : set.planted == fault::no_journal ? r_clear : r_journal;
}

template <class Emit>
void look_at_header(const setting& set, const state& s, state& n, Emit emit) {
    reader_state& me = n.reader[0];
    const std::uint8_t word = me.at - s.head >= granules ? 0 : s.words[index_of(me.at)];
    if (me.at - s.head >= granules) {
        me.pc = r_empty;
        return emit("reader: every granule is looked at", &n);
    }
    const int number = word & 0x3f;
    switch (word & tag_mask) {
    case 0: me.pc = r_claim_word; return emit("reader: no header", &n);
    case void_tag: step_over(me, number, true); return emit("reader: passes a void record", &n);
    case payload_tag: return emit("VIOLATION: payload where a header should be", nullptr);
    default: break;
    }
    if (!whole(set, s, me.at)) return emit("VIOLATION: a torn payload", nullptr);
    const mark_word mark = s.marks[index_of(me.at)];
    if (mark.lap == lap_of(me.at) && mark.state == done) {
        step_over(me, size_of(set, number), true);
        return emit("reader: passes a consumed record", &n);
    }
    if (set.wanted >= 0 && number >> 3 != set.wanted && s.delivered[set.wanted] == 0 && !is_dead(s, set.wanted)) {
        me.at = static_cast<std::uint8_t>(me.at + size_of(set, number));
        return emit("reader: passes over a record", &n);
    }
    me.number = static_cast<std::uint8_t>(number);
    me.pc = r_consume;
    emit("reader: sees a message", &n);
}

template <class Emit>
void consume(const setting& set, const state& s, state& n, Emit emit) {
    reader_state& me = n.reader[0];
    const int writer = me.number >> 3, message = me.number & 7;
    if (s.delivered[writer] >> message != 0) return emit("VIOLATION: delivered twice, or out of order", nullptr);
    n.delivered[writer] |= static_cast<std::uint8_t>(1 << message);
    if (me.at == me.cursor) {
        if (set.planted != fault::no_journal) n.reclaim = static_cast<std::uint8_t>(me.at + size_of(set, me.number));
        step_over(me, size_of(set, me.number), true);
    } else {
        n.marks[index_of(me.at)] = {static_cast<std::uint8_t>(lap_of(me.at)), done, 0, 0};
    }
    me.number = 0;
    me.pc = r_consumed;
    emit("reader: CONSUMES", &n);
}

template <class Emit>
void look_at_claim(const setting& set, const state& s, state& n, Emit emit) {
    reader_state& me = n.reader[0];
    const claim_word claim = s.claims[index_of(me.at)];
    if (claim.lap > lap_of(me.at)) return emit("VIOLATION: a claim of a later lap", nullptr);
    if (claim.lap < lap_of(me.at)) {
        me.pc = r_empty;
        return emit("reader: nothing claimed", &n);
    }
    if (claim.pad) {
        step_over(me, claim.size, false);
        return emit("reader: passes a pad", &n);
    }
    if (is_dead(s, claim.owner)) {
        me.size = claim.size;
        me.pc = r_dead_claim;
        return emit("reader: the owner is dead", &n);
    }
    begin_flush(set, s, me);
    emit("reader: in flight", &n);
}

// Nothing at `at`: flush, then mend the tail, end, or park.
template <class Emit>
void nothing_there(const setting& set, const state& s, state& n, Emit emit) {
    reader_state& me = n.reader[0];
    if (me.cursor != s.head) {
        begin_flush(set, s, me);
        return emit("reader: flushes before parking", &n);
    }
    if (s.tail < me.at && set.planted != fault::park_without_mending) {
        const claim_word claim = s.claims[index_of(s.tail)];
        if (claim.lap != lap_of(s.tail)) return emit("VIOLATION: the tail lags behind nothing", nullptr);
        advance(n, claim);
        look_again(me);
        return emit("reader: mends the tail", &n);
    }
    if (s.tail != me.at) {
        look_again(me);
        return emit("reader: the tail is elsewhere", &n);
    }
    if (s.closed) {
        me.pc = r_ended;
        return emit("reader: ENDED", &n);
    }
    n.parked = 1;
    me.pc = set.planted == fault::no_look_after_parking ? r_sleep : r_parked;
    emit("reader: PARKS", &n);
}

template <class Emit>
void one_reader_steps(const setting& set, const state& s, Emit emit) {
    state n = s;
    reader_state& me = n.reader[0];
    const std::uint8_t bell = static_cast<std::uint8_t>(1 << reader_process(0));
    switch (me.pc) {
    case r_look: return look_at_header(set, s, n, emit);
    case r_consume: return consume(set, s, n, emit);
    case r_consumed:
        if (set.batching) {
            state later = n;
            look_again(later.reader[0]);
            emit("reader: puts flushing off", &later);
        }
        begin_flush(set, s, me);
        return emit("reader: flushes", &n);
    case r_claim_word: return look_at_claim(set, s, n, emit);
    case r_dead_claim:
        if (s.words[index_of(me.at)] == 0 || set.planted == fault::header_claim)
            n.words[index_of(me.at)] = static_cast<std::uint8_t>(void_tag | me.size);
        me.size = 0;
        me.pc = r_look;
        return emit("reader: looks at the header again", &n);
    case r_empty: return nothing_there(set, s, n, emit);
    case r_parked:
        if (s.waiters) ring_all_writers(n);
        me.pc = r_sleep;
        return emit("reader: looks for writers after parking", &n);
    case r_sleep:
        if (set.planted == fault::epoch_before_drain) {
            if ((s.bells & bell) == 0) return;
            count_wake_up(n);
            me.pc = r_drained;
            return emit("reader: counts the wake-up", &n);
        }
        if ((s.bells & bell) == 0) return;
        n.bells = static_cast<std::uint8_t>(s.bells & ~bell);
        me.pc = r_drained;
        return emit("reader: drains the bell", &n);
    case r_drained:
        if (set.planted == fault::epoch_before_drain)
            n.bells = static_cast<std::uint8_t>(s.bells & ~bell);
        else
            count_wake_up(n);
        me.pc = r_counted;
        return emit("reader: counts the wake-up", &n);
    case r_counted:
        n.parked = 0;
        look_again(me);
        return emit("reader: unparks", &n);

    case r_journal:
        n.reclaim = me.cursor;
        me.pc = r_clear;
        return emit("reader: journal", &n);
    case r_clear:
    case r_clear_again:
        n.words[index_of(s.head + me.zeroed)] = 0;
        if (++me.zeroed == me.cursor - s.head) {
            me.zeroed = 0;
            me.pc = me.pc == r_clear ? r_exchange : r_exchange_again;
        }
        return emit("reader: clears", &n);
    case r_exchange:
        n.head = me.cursor;
        n.head_messages = me.messages;
        n.waiters = 0;
        look_again(me);
        if (s.waiters)
            me.pc = r_ring;
        else if (set.scrubbing)
            me.pc = r_scrub;
        return emit("reader: moves the head", &n);
    case r_ring:
        ring_all_writers(n);
        me.pc = set.scrubbing ? static_cast<std::uint8_t>(r_scrub) : static_cast<std::uint8_t>(r_look);
        return emit("reader: rings the writers", &n);
    case r_scrub: {
        claim_word& claim = n.claims[me.zeroed];
        const int lap = set.planted == fault::scrub_too_far ? lap_of(s.head) + 1 : lap_of(s.head) - 1;
        if (claim.lap + 1 < lap_of(s.head)) claim = {static_cast<std::uint8_t>(lap), 0, 0, 0};
        if (++me.zeroed == granules) look_again(me);
        return emit("reader: scrubs", &n);
    }

    case r_killed:
        me = {};
        count_wake_up(n);
        me.pc = r_unpark_first;
        return emit("successor: starts", &n);
    case r_unpark_first:
        n.parked = 0;
        me.pc = r_recover;
        return emit("successor: unparks", &n);
    case r_recover:
        me.cursor = me.at = s.reclaim;
        me.messages = s.head_messages;
        for (int p = s.head; p < s.reclaim;) {
            const claim_word claim = s.claims[index_of(p)];
            if (claim.lap != lap_of(p) || claim.size == 0)
                return emit("VIOLATION: the journal names no claim", nullptr);
            me.messages = static_cast<std::uint8_t>(me.messages + !claim.pad);
            p += claim.size;
        }
        me.pc = s.head == s.reclaim ? r_ring : r_clear_again;
        return emit("successor: reads the journal", &n);
    case r_exchange_again:
        n.head = me.cursor;
        n.head_messages = me.messages;
        if (set.planted != fault::plain_store_of_head) n.waiters = 0;
        look_again(me);
        me.pc = r_ring;
        if (set.planted == fault::plain_store_of_head) {  // stores 0 over the bit, and knows nothing of it
            n.waiters = 0;
            me.pc = r_look;
        }
        return emit("successor: moves the head", &n);
    default: return;
    }
}

}  // namespace model
