// What one of many readers does next. A look for something to take is one step where it only decides about sleeping;
// where it leads to a swap, every load is a step.
#pragma once

#include "ring_state.hpp"

namespace model {

enum shared_at : std::uint8_t {
    q_take,
    q_claim_word,
    q_mark,
    q_header,
    q_dead_claim,
    q_settle,
    q_swap,
    q_got,
    q_pass_on,
    q_use,
    q_finish,
    q_ending,
    q_give,
    q_count_return,
    q_ring_one,
    q_end,
    q_join,
    q_look_before,
    q_park,
    q_look_after,
    q_writers,
    q_sleep,
    q_leave,
    q_clear_parked,
    q_set_parked,
    q_request,
    q_begin,
    q_sweep,
    q_clear,
    q_exchange,
    q_release,
    q_pay,
    q_ended,
    q_kept,
    q_killed,
};

enum class finding { message, in_flight, nothing, ended };

// What a whole look would find, from where the reader stands; and where it stops.
inline finding find(const state& s, int r, int* stop = nullptr) {
    const reader_state& me = s.reader[r];
    int p = me.rescan || me.returns_seen != s.returns || me.cursor < s.head ? s.head : me.cursor;
    for (; p - s.head < granules; p += s.claims[index_of(p)].size) {
        const claim_word claim = s.claims[index_of(p)];
        const mark_word mark = s.marks[index_of(p)];
        if (claim.lap != lap_of(p)) break;
        if (claim.pad) continue;
        const bool touched = mark.lap == lap_of(p);
        if (touched && mark.state == done) continue;
        if (touched && mark.state == taken && (mark.owner == reader_process(r) || !is_dead(s, mark.owner))) continue;
        if (touched) return finding::message;
        const std::uint8_t word = s.words[index_of(p)];
        if ((word & tag_mask) == header_tag) return finding::message;
        return finding::in_flight;  // or void, or dead: something to do in any case
    }
    if (stop != nullptr) *stop = p;
    if (s.tail < p) return finding::in_flight;  // the tail is to be mended
    if (s.tail != p || !s.closed) return finding::nothing;
    for (int at = s.head; at < p; at += s.claims[index_of(at)].size) {
        const mark_word mark = s.marks[index_of(at)];
        if (s.claims[index_of(at)].pad) continue;
        if (mark.lap == lap_of(at) && mark.state == taken && mark.owner != reader_process(r)) return finding::nothing;
    }
    return finding::ended;
}

inline void take_again(reader_state& me) {
    me.pc = q_take;
    me.at = me.size = me.number = me.zeroed = me.messages = 0;
    me.seen = {};
}
inline void go_on(reader_state& me, int size) {
    me.at = static_cast<std::uint8_t>(me.at + size);
    me.cursor = me.at;
    me.seen = {};
    me.number = me.size = 0;
    me.pc = q_claim_word;
}

template <class Emit>
void ring_a_reader(const setting& set, const state& n, Emit emit, const char* label) {
    if (n.waiting_readers == 0) return emit(label, &n);
    for (int r = 0; r < set.readers; ++r) {
        if ((n.waiting_readers >> reader_process(r) & 1) == 0) continue;
        state rung = n;
        rung.bells |= static_cast<std::uint8_t>(1 << reader_process(r));
        emit(label, &rung);
    }
}

template <class Emit>
void taking_steps(const setting& set, const state& s, int r, Emit emit) {
    state n = s;
    reader_state& me = n.reader[r];
    const int p = me.at, i = index_of(p), process = reader_process(r);
    const std::uint8_t lap = static_cast<std::uint8_t>(lap_of(p));
    switch (me.pc) {
    case q_take:
        if ((s.bells >> process & 1) != 0 && me.deaths_seen != s.deaths) {
            n.bells = static_cast<std::uint8_t>(s.bells & ~(1 << process));
            me.deaths_seen = s.deaths;
            me.rescan = me.sweep_due = 1;
        }
        if (me.rescan || me.returns_seen != s.returns || me.cursor < s.head) me.cursor = s.head;
        me.rescan = 0;
        me.returns_seen = s.returns;
        me.at = me.cursor;
        me.pc = q_claim_word;
        return emit("reader: begins to look", &n);
    case q_claim_word: {
        const claim_word claim = s.claims[i];
        if (p - s.head >= granules || claim.lap < lap) {
            me.pc = q_end;
        } else if (claim.lap > lap) {
            if (s.head <= p) return emit("VIOLATION: a claim of a later lap", nullptr);
            take_again(me);
        } else if (claim.pad) {
            go_on(me, claim.size);
        } else {
            me.size = claim.size;
            me.number = claim.owner;  // until a header is seen
            me.pc = q_mark;
        }
        return emit("reader: reads claim word", &n);
    }
    case q_mark: {
        const mark_word mark = s.marks[i];
        me.seen = mark;
        me.pc = q_header;
        if (mark.lap == lap) {
            const bool held = mark.state == taken && (mark.owner == process || !is_dead(s, mark.owner));
            if (mark.state == done || held) go_on(me, me.size);
        } else if (mark.lap > lap) {
            take_again(me);
        }
        return emit("reader: reads mark", &n);
    }
    case q_header:
    case q_dead_claim: {
        const std::uint8_t word = s.words[i];
        const bool unchanged = s.marks[i] == me.seen;
        if (word == 0 && me.pc == q_dead_claim) {
            me.number = 0;
            me.pc = q_settle;
        } else if (word == 0 && me.seen.lap == lap) {
            if (unchanged) return emit("VIOLATION: a record that was taken is gone", nullptr);
            take_again(me);
        } else if (word == 0) {
            if (is_dead(s, me.number))
                me.pc = q_dead_claim;
            else if (me.sweep_due)
                me.pc = q_request;
            else
                take_again(me);  // in flight
        } else if ((word & tag_mask) == void_tag) {
            me.number = 1;
            me.pc = q_settle;
        } else if ((word & tag_mask) == payload_tag) {
            if (unchanged) return emit("VIOLATION: payload where a header should be", nullptr);
            take_again(me);
        } else {
            me.number = word & 0x3f;
            me.pc = q_swap;
        }
        return emit("reader: peeks at the header", &n);
    }
    case q_settle:
        if (s.marks[i] == me.seen) {
            n.marks[i] = {lap, done, 0, static_cast<std::uint8_t>(process & 15)};
            me.sweep_due = 1;
            go_on(me, me.size);
        } else {
            take_again(me);
        }
        return emit("reader: settles", &n);
    case q_swap:
        if (!(s.marks[i] == me.seen)) {
            take_again(me);
            return emit("reader: take fails", &n);
        }
        n.marks[i] = {lap, taken, static_cast<std::uint8_t>(me.seen.lap == lap ? me.seen.rounds & 3 : 0),
                      static_cast<std::uint8_t>(process & 15)};
        if (s.words[i] != (header_tag | me.number) || !whole(set, s, p))
            return emit("VIOLATION: took what is not a whole record", nullptr);
        me.seen = {};
        me.pc = me.woken && set.planted != fault::no_passing_on ? q_pass_on : q_use;
        me.woken = 0;
        return emit("reader: TAKES", &n);
    case q_pass_on:
        me.pc = q_use;
        if (const finding more = find(s, r); more != finding::message && more != finding::in_flight) {
            return emit("reader: nothing more is there", &n);
        }
        return ring_a_reader(set, n, emit, "reader: hands the bell on");
    case q_use:
        if (r == 0 && set.keeping) {
            me.pc = q_kept;
        } else if (r == 0 && set.giving_back) {
            me.pc = q_give;
        } else {
            me.pc = q_finish;
        }
        return emit("reader: has it", &n);
    case q_give:
        n.marks[i] = {lap, available, s.marks[i].rounds, 0};
        me.pc = set.planted == fault::no_returns ? q_ring_one : q_count_return;
        return emit("reader: GIVES BACK", &n);
    case q_count_return:
        ++n.returns;
        me.pc = q_ring_one;
        return emit("reader: counts the return", &n);
    case q_ring_one:
        take_again(me);
        me.pc = q_ended;
        return ring_a_reader(set, n, emit, "reader: rings for what it gave back");
    case q_finish: {
        const int writer = me.number >> 3, bit = 1 << (me.number & 7);
        if ((s.delivered[writer] & bit) != 0) return emit("VIOLATION: finished twice", nullptr);
        n.delivered[writer] |= static_cast<std::uint8_t>(bit);
        n.marks[i] = {lap, done, 0, static_cast<std::uint8_t>(process & 15)};
        me.pc = set.closing ? q_ending : q_request;
        return emit("reader: FINISHES", &n);
    }
    case q_ending:
        if (s.closed) n.bells |= s.waiting_readers;
        me.pc = q_request;
        return emit("reader: looks for the end", &n);
    default: return;
    }
}

template <class Emit>
void sweeping_steps(const setting& set, const state& s, int r, Emit emit) {
    state n = s;
    reader_state& me = n.reader[r];
    const int process = reader_process(r);
    switch (me.pc) {
    case q_request: {
        const bool theirs = s.sweeper != 0 && s.sweeper != process + 1 &&
                            (!is_dead(s, s.sweeper - 1) || set.planted == fault::dead_sweeper_stays);
        ++n.requests;
        me.sweep_due = 0;
        take_again(me);
        if (!theirs) {
            n.sweeper = static_cast<std::uint8_t>(process + 1);
            me.requests_seen = n.requests;
            me.pc = q_begin;
        }
        return emit(theirs ? "reader: asks the sweeper" : "reader: SWEEPS", &n);
    }
    case q_begin:
        me.at = s.head;
        me.messages = s.head_messages;
        me.pc = q_sweep;
        return emit("sweeper: reads the head", &n);
    case q_sweep: {
        const int p = me.at, i = index_of(p);
        const claim_word claim = s.claims[i];
        const mark_word mark = s.marks[i];
        const std::uint8_t word = s.words[i];
        bool pass = p - s.head < granules && claim.lap == lap_of(p);
        if (pass && !claim.pad) {
            const bool touched = mark.lap == lap_of(p), is_void = (word & tag_mask) == void_tag;
            const bool nothing = !touched && (is_void || (word == 0 && is_dead(s, claim.owner)));
            if (nothing && !(set.planted == fault::unmarked_void && is_void)) {
                n.marks[i] = {static_cast<std::uint8_t>(lap_of(p)), done, 0, static_cast<std::uint8_t>(process & 15)};
                return emit("sweeper: settles", &n);
            }
            pass = nothing || (touched && mark.state == done);
        }
        if (pass) {
            me.at = static_cast<std::uint8_t>(p + claim.size);
            me.messages = static_cast<std::uint8_t>(me.messages + !claim.pad);
        } else {
            me.pc = p == s.head ? q_release : q_clear;
        }
        return emit("sweeper: looks on", &n);
    }
    case q_clear:
        n.words[index_of(s.head + me.zeroed)] = 0;
        if (s.head + ++me.zeroed == me.at) {
            me.zeroed = 0;
            me.pc = q_exchange;
        }
        return emit("sweeper: clears", &n);
    case q_exchange:
        n.head = me.at;
        n.head_messages = me.messages;
        n.waiters = 0;
        if (s.waiters) me.debt = 1;
        me.pc = q_release;
        return emit("sweeper: moves the head", &n);
    case q_release:
        me.at = me.messages = 0;
        if (s.requests == me.requests_seen || set.planted == fault::sweeper_leaves) {
            n.sweeper = 0;
            me.requests_seen = 0;
            take_again(me);
            if (me.debt) me.pc = q_pay;
        } else {
            me.requests_seen = s.requests;
            me.pc = q_begin;
        }
        return emit("sweeper: would leave", &n);
    case q_pay:
        me.debt = 0;
        ring_all_writers(n);
        take_again(me);
        return emit("reader: rings the writers", &n);
    default: return;
    }
}

template <class Emit>
void parking_steps(const setting& set, const state& s, int r, Emit emit) {
    state n = s;
    reader_state& me = n.reader[r];
    const std::uint8_t bit = static_cast<std::uint8_t>(1 << reader_process(r));
    switch (me.pc) {
    case q_end:
        if (s.tail < me.at) {
            advance(n, s.claims[index_of(s.tail)]);
            take_again(me);
            return emit("reader: mends the tail", &n);
        }
        if (me.sweep_due) {
            me.pc = q_request;
            return emit("reader: has settled something", &n);
        }
        if (find(s, r) == finding::ended) {
            if (me.woken) n.bells |= s.waiting_readers;
            take_again(me);
            me.woken = 0;
            me.pc = q_ended;
            return emit("reader: ENDED", &n);
        }
        take_again(me);
        me.pc = q_join;
        return emit("reader: nothing to take", &n);
    case q_join:
        n.waiting_readers |= bit;
        me.pc = q_look_before;
        return emit("reader: joins the waiting", &n);
    case q_look_before: {
        int stop = 0;
        const bool nothing = find(s, r, &stop) == finding::nothing;
        me.pc = nothing ? q_park : q_leave;
        me.at = static_cast<std::uint8_t>(nothing ? stop : 0);
        return emit("reader: looks before parking", &n);
    }
    case q_park:
        if (s.tail == me.at) n.parked = 1;
        me.pc = s.tail != me.at ? q_leave : set.planted == fault::no_second_look ? q_writers : q_look_after;
        me.at = 0;
        return emit("reader: PARKS", &n);
    case q_look_after:
        me.pc = find(s, r) == finding::nothing ? q_writers : q_leave;
        return emit("reader: looks after parking", &n);
    case q_writers:
        if (s.waiters) ring_all_writers(n);
        me.pc = q_sleep;
        return emit("reader: looks for writers after parking", &n);
    case q_sleep:
        if ((s.bells & bit) == 0) return;
        n.bells = static_cast<std::uint8_t>(s.bells & ~bit);
        if (me.deaths_seen != s.deaths) me.rescan = me.sweep_due = 1;
        me.deaths_seen = s.deaths;
        me.pc = q_leave;
        return emit("reader: wakes", &n);
    case q_leave:
        n.waiting_readers = static_cast<std::uint8_t>(s.waiting_readers & ~bit);
        me.woken = 1;
        me.pc = n.waiting_readers == 0 ? q_clear_parked : me.sweep_due ? q_request : q_take;
        return emit("reader: leaves the waiting", &n);
    case q_clear_parked:
        n.parked = 0;
        me.at = s.tail;
        me.number = s.closed;
        me.pc = q_set_parked;
        return emit("reader: clears PARKED", &n);
    case q_set_parked: {
        const bool changed = s.tail != me.at || s.closed != me.number;
        take_again(me);
        if (me.sweep_due) me.pc = q_request;
        if (s.waiting_readers == 0) return emit("reader: nobody else waits", &n);
        n.parked = 1;
        if (!changed) return emit("reader: sets PARKED for another", &n);
        return ring_a_reader(set, n, emit, "reader: rings for a writer that saw nobody");
    }
    default: return;
    }
}

template <class Emit>
void many_reader_steps(const setting& set, const state& s, int r, Emit emit) {
    taking_steps(set, s, r, emit);
    sweeping_steps(set, s, r, emit);
    parking_steps(set, s, r, emit);
}

}  // namespace model
