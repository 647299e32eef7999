// The lock of shm/lock_line.hpp, with every process and the keeper taking one load, store or swap at a time, in every
// order. A process may be killed before each of its steps, may give up where it waits, and may be started again.
//
// Process p has one place, p + 1. After a turn it forgets the cell, or keeps the place noted for its next turn, as the
// fancy takes it. Its incarnations come one after the other. `fault` leaves something out, or does it
// wrong: each must be found.
#pragma once

#include <cstdint>
#include <cstring>

#include "explorer.hpp"
#include "lock_state.hpp"

namespace model::locks {

class steps {
public:
    explicit steps(const setting& set) : set_(set) {
        while (count_ < most_processes && set.rounds[count_] != 0) ++count_;
    }

    state first() const {
        state made;
        std::memset(&made, 0, sizeof made);
        for (std::size_t p = 0; p < count_; ++p) made.procs[p].left = set_.rounds[p];
        for (std::size_t p = count_; p < most_processes; ++p) made.procs[p].pc = through;
        made.keeper.pc = idle;
        made.kills = set_.kills;
        made.timeouts = set_.timeouts;
        made.restarts = set_.restarts;
        return made;
    }

    // What is wrong with a state in which nothing more can happen.
    std::string judge(const state& s) const {
        for (const runner& one : s.procs) {
            if (one.pc != through && one.pc != dead) return "a process waits for ever";
        }
        if (s.gate != 0 || s.top != 0) return "the lock is lost";
        if ((s.flag != 0) != (s.expected != 0)) return "an abandonment is forgotten";
        for (const place& one : s.places) {
            if (one.state != is_free) return "a place is lost";
        }
        return "";
    }

    template <class Emit>
    void operator()(const state& s, Emit&& emit) const {
        bool goes_on = false;
        const auto run = [&](const char* label, const state* next) {
            goes_on = goes_on || next == nullptr || std::memcmp(next, &s, sizeof s) != 0;
            emit(label, next);
        };
        for (std::size_t p = 0; p < count_; ++p) process(s, p, run);
        keep(s, run);
        for (std::size_t p = 0; p < count_; ++p) {
            // What need never happen. Where nothing else can, somebody who waits would wait for ever.
            if (goes_on) may(s, p, emit);
            if (goes_on && s.kills != 0 && s.procs[p].pc != through && s.procs[p].pc != dead)
                emit("kill", killed(s, p));
            if (s.restarts != 0 && s.procs[p].pc == dead && s.keeper.pc == idle && (s.ends >> p & 1) == 0) {
                state next = s;
                next.procs[p] = {begin, 1, 0, 0, 0, 0};
                --next.restarts;
                emit("started again", &next);
            }
        }
    }

private:
    bool is(fault one) const { return set_.planted == one; }
    static bool rings(const state& s, std::size_t place) { return s.procs[place - 1].pc != dead; }
    static void ring_bell(state& s, std::size_t place) {
        s.bells =
            static_cast<std::uint8_t>(rings(s, place) ? s.bells | 1 << (place - 1) : s.bells & ~(1 << (place - 1)));
    }
    static void leave_line(state& s, std::uint8_t place) {
        std::uint8_t kept = 0;
        for (std::uint8_t i = 0; i < s.in_line; ++i) {
            if (s.line[i] != place) s.line[kept++] = s.line[i];
        }
        for (std::uint8_t i = kept; i < s.in_line; ++i) s.line[i] = 0;
        s.in_line = kept;
    }
    static bool before_in_line(const state& s, std::uint8_t one, std::uint8_t other) {
        for (std::uint8_t i = 0; i < s.in_line; ++i) {
            if (s.line[i] == one) {
                for (std::uint8_t j = i; j < s.in_line; ++j) {
                    if (s.line[j] == other) return true;
                }
            }
        }
        return false;
    }

    const state* killed(const state& s, std::size_t p) const {
        scratch_ = s;
        if (s.gate == p + 1 && s.places[p].state == mine) scratch_.expected = static_cast<std::uint8_t>(p + 1);
        if (s.who_inside == p + 1) scratch_.who_inside = 0;
        scratch_.given_up[p] = 0;
        scratch_.procs[p] = {dead, s.procs[p].left, 0, 0, 0, 0};
        scratch_.ends = static_cast<std::uint8_t>(s.ends | 1 << p);
        scratch_.bells = static_cast<std::uint8_t>(s.bells & ~(1 << p));
        --scratch_.kills;
        return &scratch_;
    }

    // Giving up.
    template <class Emit>
    void may(const state& s, std::size_t p, Emit& emit) const {
        const runner& me = s.procs[p];
        if (s.timeouts == 0) return;
        state next = s;
        --next.timeouts;
        const auto give_up = [&] {
            next.procs[p].pc = begin;
            --next.procs[p].left;
            next.given_up[p] = static_cast<std::uint8_t>(s.places[p].use + 1);
        };
        if (me.pc == waits && s.places[p].state != granted) {
            give_up();
            if (is(fault::giving_up_stores)) {
                next.procs[p].pc = unasked;
            } else {
                next.places[p].state = gone;
            }
            emit("gives up", &next);
        } else if (me.pc == asleep && s.places[p].state == granted) {
            next.procs[p].pc = waits;
            emit("gives up too late", &next);
        } else if (me.pc == asleep) {
            give_up();
            next.places[p].state = gone;
            emit("gives up asleep", &next);
        }
    }

    template <class Emit>
    void process(const state& s, std::size_t p, Emit& emit) const {
        const auto me = static_cast<std::uint8_t>(p + 1);
        const place& own = s.places[p];
        state next = s;
        runner& now = next.procs[p];
        place& own_next = next.places[p];
        const auto go = [&](const char* label, std::uint8_t to) {
            now.pc = to;
            emit(label, &next);
        };
        switch (s.procs[p].pc) {
        case begin:
            if (now.left == 0 && (own.state == mine || now.y != 0)) {
                now.y = 0;
                own_next.state = is_free;
                go("gives back the place that it kept", begin);
            } else if (now.left == 0) {
                go("through", through);
            } else if (own.state == mine || now.y != 0) {
                now.y = 0;
                go("has kept its place", attempt);
            } else if (own.state == is_free) {
                if (!is(fault::noted_after)) own_next = {mine, static_cast<std::uint8_t>(own.use + 1), 0, 0};
                go("notes the cell", attempt);
            } else if (own.state == gone && s.given_up[p] == own.use + 1) {
                own_next.state = waiting;
                go("comes back to its place", waits);
            }
            break;
        case attempt:
            if (s.gate == 0) {
                if (s.top != 0) return emit("a free lock has a line", nullptr);
                next.gate = me;
                go("locks", own.state == is_free && is(fault::noted_after) ? late : enter);
            } else {
                own_next = {waiting, static_cast<std::uint8_t>(own.use + (own.state == is_free ? 1 : 0)), 0, 0};
                go("is about to wait", push);
            }
            break;
        case late:
            own_next = {mine, static_cast<std::uint8_t>(own.use + 1), 0, 0};
            go("notes late", enter);
            break;
        case push:
            if (s.gate == 0) {
                own_next.state = mine;
                go("need not wait", attempt);
            } else {
                own_next.next = s.top;
                own_next.after = 0;
                next.top = me;
                next.line[next.in_line++] = me;
                go("pushes", waits);
            }
            break;
        case waits:
            if (own.state == granted) {
                if (s.gate != me && !is(fault::early_entry)) return;
                own_next.state = mine;
                go("takes it", enter);
            } else if (is(fault::parking_stores)) {
                go("looked, and means to park", blind);
            } else {
                own_next.state = parked;
                go("parks", asleep);
            }
            break;
        case blind:
            if (own.state == waiting) own_next.state = parked;
            go("parks", asleep);
            break;
        case unasked:
            own_next.state = gone;
            go("has given up", begin);
            break;
        case asleep:
            if ((s.bells >> p & 1) == 0) return;
            next.bells = static_cast<std::uint8_t>(next.bells & ~(1 << p));
            if (own.state == parked) own_next.state = waiting;
            go("wakes", waits);
            break;
        case enter:
            if (s.who_inside != 0) return emit("two are inside", nullptr);
            if ((s.flag != 0 ? s.died : 0) != s.expected) return emit("it is told of the wrong death", nullptr);
            next.who_inside = me;
            leave_line(next, me);
            go("is in", inside);
            break;
        case inside:
            next.who_inside = 0;
            now.from = me;
            now.mark = live;
            if (is(fault::forgotten_before)) own_next.state = is_free;
            go("leaves", look);
            break;
        case tell:
            ++next.looks;
            go("tells the keeper of a ghost", ring);
            break;
        case ring:
            ring_bell(next, now.x);
            go("rings", unnote);
            break;
        case unnote:
            --now.left;
            now.from = now.mark = now.x = now.y = 0;
            if (is(fault::kept_unnoted)) {
                own_next.state = is_free;
                now.y = 1;
            }
            go("keeps its place", begin);
            now.y = 0;
            own_next.state = is_free;
            go("forgets the cell", begin);
            break;
        case through:
        case dead: break;
        default: hand_on(s, next, now, false, emit);
        }
    }

    // By the holder, or by the keeper for one that is dead.
    template <class Emit>
    void hand_on(const state& s, state& next, runner& now, bool by_keeper, Emit& emit) const {
        const std::uint8_t from = now.from;
        if (s.gate != from && now.pc != ghost) return emit("works on the line without the gate", nullptr);
        const std::uint8_t over = by_keeper ? static_cast<std::uint8_t>(k_free) : static_cast<std::uint8_t>(unnote);
        std::uint8_t flag = now.mark == passed ? s.flag : now.mark == abandoned ? 1 : 0;
        if (now.mark == live && is(fault::unlock_keeps_flag)) flag = s.flag;
        if (now.mark == passed && is(fault::ghosts_count)) flag = 1;
        const auto at = [&](std::uint8_t one) -> place& { return next.places[one - 1u]; };
        const auto go = [&](const char* label, std::uint8_t to) {
            now.pc = to;
            emit(label, &next);
        };
        const auto passes = [&] {
            next.flag = flag;
            if (!by_keeper) next.expected = 0;
        };
        const auto forget = [&] { now.x = now.y = 0; };
        switch (now.pc) {
        case look:
            forget();
            if (s.top == 0) {
                next.gate = 0;
                passes();
                go("unlocks", over);
            } else if (is(fault::youngest_first)) {
                now.x = s.top;
                go("takes the youngest", oldest);
            } else if (s.known_oldest == 0) {
                now.x = s.top;
                go("walks the line", walk);
            } else {
                now.x = s.known_oldest;
                go("knows the oldest", oldest);
            }
            break;
        case walk: {
            const std::uint8_t older = at(now.x).next;
            if (older == 0) {
                go("found the oldest", note);
            } else {
                at(older).after = now.x;
                now.x = older;
                go("links back", walk);
            }
            break;
        }
        case note:
            next.known_oldest = now.x;
            go("notes the oldest", by_keeper ? settle : oldest);
            break;
        case settle:
            if (s.burying != 0 && s.burying != now.x && !is(fault::no_burial_note) && at(s.burying).state == buried &&
                at(s.burying).use == s.burying_use) {
                at(s.burying).state = is_free;
            }
            go("settles a burial", oldest);
            break;
        case oldest: {
            const std::uint8_t one = now.x, is_now = at(one).state;
            if (one == from) {
                go("was in line itself", out);
            } else if (is_now == waiting || is_now == parked) {
                for (std::size_t q = 0; q < count_; ++q) {
                    const auto other = static_cast<std::uint8_t>(q + 1);
                    const bool waits_too = s.places[q].state == waiting || s.places[q].state == parked;
                    if (waits_too && other != one && before_in_line(s, other, one) && s.procs[q].pc != dead) {
                        return emit("somebody is passed over", nullptr);
                    }
                }
                at(one).state = granted;
                now.y = is_now == parked ? 1 : 0;
                go("grants", gate);
            } else if (is_now == granted || is_now == is_ghost) {
                now.y = 1;
                go("finds it granted", gate);
            } else if (is_now == gone) {
                next.burying = one;
                next.burying_use = at(one).use;
                go("notes a burial", bury);
            } else if (is_now == buried) {
                go("buries on", out);
            } else {
                emit("the oldest is in no line", nullptr);
            }
            break;
        }
        case bury:
            if (is(fault::burial_stores)) {
                go("buries at once", out);
            } else if (at(now.x).state == gone) {
                at(now.x).state = buried;
                leave_line(next, now.x);
                go("buries", out);
            } else {
                go("it came back", unbury);
            }
            break;
        case unbury:
            next.burying = next.burying_use = 0;
            go("no burial", oldest);
            break;
        case out:
            if (s.top == now.x) {
                next.known_oldest = 0;
                go("it is the last", last);
            } else if (at(now.x).after != 0) {
                now.y = at(now.x).after;
                go("next in line", cut);
            } else {
                now.y = s.top;
                go("looks for the next", seek);
            }
            break;
        case seek: {
            const std::uint8_t older = at(now.y).next;
            if (older == 0) return emit("the line has a hole", nullptr);
            at(older).after = now.y;
            if (older != now.x) now.y = older;
            go("links back", older == now.x ? cut : seek);
            break;
        }
        case last:
            if (s.top != now.x) {
                go("somebody came", look);
            } else if (now.x == from) {
                next.gate = next.top = 0;
                passes();
                forget();
                go("unlocks", over);
            } else {
                next.top = 0;
                go("the line is empty", freed);
            }
            break;
        case cut:
            at(now.y).next = 0;
            go("cuts", move);
            break;
        case move:
            next.known_oldest = now.y;
            now.y = 0;
            go("the next is the oldest", now.x == from ? look : freed);
            break;
        case freed:
            at(now.x).state = is_free;
            go("frees a place", clean);
            break;
        case clean:
            next.burying = next.burying_use = 0;
            go("the burial is over", look);
            break;
        case gate:
            next.gate = now.x;
            passes();
            go("moves the gate", ghost);
            break;
        case ghost: {
            const bool sees = at(now.x).state == is_ghost;
            if (by_keeper && sees && !is(fault::keeper_misses_ghosts)) {
                now.y = 0;
                go("sees a ghost", k_free_first);
            } else if (by_keeper) {
                ring_bell(next, now.x);
                forget();
                go("rings", k_free);
            } else if (sees && !is(fault::ghost_not_told)) {
                go("sees a ghost", tell);
            } else {
                go("it is awake or asleep", now.y != 0 ? ring : unnote);
            }
            break;
        }
        default: break;
        }
    }

    template <class Emit>
    void keep(const state& s, Emit& emit) const {
        state next = s;
        runner& now = next.keeper;
        const auto at = [&](std::uint8_t one) -> place& { return next.places[one - 1u]; };
        const auto go = [&](const char* label, std::uint8_t to) {
            now.pc = to;
            if (to == idle) now.from = now.mark = now.x = now.y = 0;
            emit(label, &next);
        };
        const auto for_place = [&](std::uint8_t one, std::uint8_t mark) {
            now.from = one;
            now.mark = mark;
            now.x = now.y = 0;
        };
        switch (s.keeper.pc) {
        case idle:
            for (std::size_t p = 0; p < count_; ++p) {
                if ((s.ends >> p & 1) == 0) continue;
                next = s;
                next.ends = static_cast<std::uint8_t>(s.ends & ~(1 << p));
                next.keeper.from = static_cast<std::uint8_t>(p + 1);
                go("the keeper sees an end", k_place);
            }
            if (s.looks != 0) {
                next = s;
                --next.looks;
                go("the keeper is told to look", k_look);
            }
            break;
        case k_place:
            switch (at(now.from).state) {
            case mine: go("it may have held", k_held); break;
            case waiting:
            case parked:
                if (is(fault::dead_stay_in_line)) {
                    go("leaves it", idle);
                } else {
                    at(now.from).state = gone;
                    now.x = 0xff;
                    go("takes it out of the line", k_walk);
                }
                break;
            case granted:
                at(now.from).state = is_ghost;
                go("it is a ghost", k_ghost);
                break;
            default: go("nothing in its place", idle);
            }
            break;
        case k_walk:
            if (is(fault::keeper_takes_as_pushed)) return go("does not ask", idle);
            now.x = now.x == 0xff ? s.top : at(now.x).next;
            if (now.x == now.from) {
                go("it is linked", idle);
            } else if (now.x == 0) {
                go("the end of the line", k_never);
            } else {
                go("passes one", k_walk);
            }
            break;
        case k_never:
            if (at(now.from).state == gone) at(now.from).state = is_free;
            go("it never was in line", idle);
            break;
        case k_ghost:
            if (s.gate == now.from) {
                for_place(now.from, passed);
                go("finds it at the gate", k_fresh);
            } else {
                go("leaves it to who grants", idle);
            }
            break;
        case k_held:
            if (s.gate == now.from || is(fault::keeper_does_not_look)) {
                next.died = now.from;
                for_place(now.from, abandoned);
                go("writes down who died", k_fresh);
            } else {
                go("it has nothing", k_after);
            }
            break;
        case k_after:
            if (is(fault::keeper_does_not_ring) || s.gate == 0) {
                go("nobody to ring", k_free);
            } else if (at(s.gate).state == is_ghost) {
                now.x = s.gate;
                go("finds a ghost", k_free_first);
            } else {
                ring_bell(next, s.gate);
                go("rings", k_free);
            }
            break;
        case k_free_first: {
            const std::uint8_t found = now.x;
            at(now.from).state = is_free;
            for_place(found, passed);
            go("frees a place", k_fresh);
            break;
        }
        case k_look:
            if (s.gate != 0 && at(s.gate).state == is_ghost) {
                for_place(s.gate, passed);
                go("finds a ghost", k_fresh);
            } else {
                go("finds nothing", idle);
            }
            break;
        case k_fresh:
            if (is(fault::keeper_trusts_oldest)) return go("trusts", look);
            next.known_oldest = 0;
            go("starts from the links", k_settle);
            break;
        case k_settle:
            if (s.top == 0 && s.burying != 0 && !is(fault::no_burial_note) && at(s.burying).state == buried &&
                at(s.burying).use == s.burying_use) {
                at(s.burying).state = is_free;
            }
            go("settles a burial", look);
            break;
        case k_free:
            at(now.from).state = is_free;
            go("frees a place", idle);
            break;
        default: hand_on(s, next, now, true, emit);
        }
    }

    setting set_;
    std::size_t count_ = 0;
    mutable state scratch_{};
};

inline verdict check(const setting& set, std::size_t most_states = 8'000'000) {
    const steps all(set);
    return explore(
        all.first(), [&all](const state& s, auto&& emit) { all(s, emit); },
        [&all](const state& s) { return all.judge(s); }, most_states);
}

}  // namespace model::locks
