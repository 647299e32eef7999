// The condition of shm/condition_line.hpp, with every process and the keeper taking one load, store or swap at a time,
// in every order. A process may be killed before each of its steps, and may give up where it waits. The lock is one
// step here: lock_model.hpp has it. Its line is a list whose first entry has the lock: a process that asked for it, or
// a place that waited in the condition. Whoever waits is notified or is not; nobody waits for the dead.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "explorer.hpp"

namespace model::conditions {

inline constexpr std::size_t most_processes = 4;

enum class fault : std::uint8_t {
    none,
    move_not_noted,       // the move to the lock's line is not noted
    move_not_finished,    // the keeper does not finish it
    burial_not_finished,  // nor a burial
    not_passed_on,        // who was notified and gave up or died keeps the notification
};

struct setting {
    const char* programs = "";  // of each process: W waits, N notifies one, A notifies all
    std::uint8_t kills = 0, timeouts = 0;
    fault planted = fault::none;
};

enum place_state : std::uint8_t { is_free, mine, cwait, notified, granted, gone, gone_notified };
enum pc : std::uint8_t {
    ask,
    in_line,
    note_place,
    link,
    waits,
    ask_again,
    clear_place,
    cleared,
    begin_to_notify,
    notify_all_on,
    n_look,
    n_note,
    n_mark,
    n_out,
    n_push,
    n_clean,
    n_moved,
    unlock,
    through,
    dead,
    idle,
    k_place,
    k_line,
    k_moving,
    k_burying,
    k_own,
};

// 0: nobody; p + 1: process p asked for it; p + 1 + 16: its place waited in the condition.
using entry = std::uint8_t;
inline constexpr entry of_place = 16;

struct runner {
    std::uint8_t pc;
    std::uint8_t then, then_after;  // what follows a notification, and what follows that
    std::uint8_t one;               // the place that is notified, + 1
    std::uint8_t passed;            // the place whose notification was passed on last in this unlock, + 1
};

struct state {
    std::array<entry, 2 * most_processes> line;
    std::uint8_t top, moving, burying;  // places, + 1
    std::array<std::uint8_t, most_processes> places, links;
    std::array<runner, most_processes> procs;
    runner keeper;
    std::uint8_t keeper_of, deaths;
    std::uint8_t kills, timeouts;
    std::uint8_t came;  // a bit for each that was notified and has not gone on
};

class steps {
public:
    explicit steps(const setting& set) : set_(set) {
        while (count_ < most_processes && set.programs[count_] != 0) ++count_;
    }
    state first() const {
        state made;
        std::memset(&made, 0, sizeof made);
        for (std::size_t p = count_; p < most_processes; ++p) made.procs[p].pc = through;
        made.keeper.pc = idle;
        made.kills = set_.kills;
        made.timeouts = set_.timeouts;
        return made;
    }
    std::string judge(const state& s) const {
        for (std::size_t p = 0; p < count_; ++p) {
            const runner& one = s.procs[p];
            if (one.pc == through || one.pc == dead) continue;
            if (one.pc == waits && s.places[p] == cwait && linked(s, p + 1)) continue;  // nobody notified it
            return "a process waits for ever";
        }
        if (s.line[0] != 0) return "the lock is stuck";
        for (std::size_t p = 0; p < count_; ++p) {
            if (s.places[p] != is_free && !linked(s, p + 1)) return "a place is lost";
        }
        return s.came != 0 ? "a notification is lost" : "";
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
        for (std::size_t p = 0; goes_on && p < count_; ++p) may(s, p, emit);
    }

private:
    static bool linked(const state& s, std::size_t one) {
        std::size_t seen = 0;
        for (std::uint8_t at = s.top; at != 0 && seen++ < most_processes; at = s.links[at - 1u]) {
            if (at == one) return true;
        }
        return false;
    }
    // The oldest, and who links to it; 0: nobody.
    static std::uint8_t oldest(const state& s) {
        std::uint8_t at = s.top;
        while (at != 0 && s.links[at - 1u] != 0) at = s.links[at - 1u];
        return at;
    }
    static std::uint8_t before(const state& s, std::uint8_t one) {
        std::uint8_t at = s.top, last = 0;
        while (at != 0 && at != one) {
            last = at;
            at = s.links[at - 1u];
        }
        return last;
    }
    static void cut(state& s, std::uint8_t one) {
        const std::uint8_t younger = before(s, one), older = s.links[one - 1u];
        (younger == 0 ? s.top : s.links[younger - 1u]) = older;
    }
    static bool is_in_line(const state& s, entry one) {
        for (const entry other : s.line) {
            if (other == one) return true;
        }
        return false;
    }
    static void push(state& s, entry one) {
        for (entry& other : s.line) {
            if (other != 0) continue;
            other = one;
            return;
        }
    }
    static void take_out(state& s, std::size_t index) {
        for (std::size_t i = index; i + 1 < s.line.size(); ++i) s.line[i] = s.line[i + 1];
        s.line.back() = 0;
    }
    static void clear(std::uint8_t& bits, std::size_t p) { bits = static_cast<std::uint8_t>(bits & ~(1 << p)); }
    static void set(std::uint8_t& bits, std::size_t p) { bits = static_cast<std::uint8_t>(bits | 1 << p); }
    static std::size_t process_of(entry one) { return (one & (of_place - 1u)) - 1u; }

    // `r.then` follows, and `r.then_after` that.
    template <class Emit>
    void notify(const state& s, state& next, runner& now, Emit& emit) const {
        const auto go = [&](const char* label, std::uint8_t to) {
            now.pc = to;
            emit(label, &next);
        };
        const auto over = [&](const char* label) {
            const std::uint8_t to = now.then;
            now.then = now.then_after;
            now.then_after = 0;
            now.one = 0;
            go(label, to);
        };
        const std::uint8_t one = now.one;
        switch (now.pc) {
        case n_look:
            now.one = oldest(s);
            if (now.one == 0) return over("nobody waits");
            go("finds the oldest", n_note);
            break;
        case n_note:
            if (s.places[one - 1u] == gone) {
                next.burying = one;
                go("notes a burial", n_out);
            } else {
                if (set_.planted != fault::move_not_noted) next.moving = one;
                go("notes the move", n_mark);
            }
            break;
        case n_mark:
            if (s.places[one - 1u] == cwait) {
                next.places[one - 1u] = notified;
                set(next.came, one - 1u);
                go("notifies", n_out);
            } else if (s.places[one - 1u] == gone) {
                next.moving = 0;
                go("it is gone", n_note);
            } else {
                go("it is notified", n_out);
            }
            break;
        case n_out:
            cut(next, one);
            go("takes it out", n_push);
            break;
        case n_push:
            if (s.burying == one) {
                next.places[one - 1u] = is_free;
                go("frees it", n_clean);
            } else {
                push(next, static_cast<entry>(one + of_place));
                go("pushes it", n_moved);
            }
            break;
        case n_clean:
            next.burying = 0;
            now.one = 0;
            go("the burial is over", n_look);
            break;
        case n_moved:
            next.moving = 0;
            over("moved");
            break;
        default: break;
        }
    }

    // Then `now.then`.
    template <class Emit>
    void let_go(const state& s, state& next, runner& now, Emit& emit) const {
        const auto go = [&](const char* label) {
            const std::uint8_t to = now.then;
            now.then = now.then_after;
            now.then_after = now.passed = 0;
            now.pc = to;
            emit(label, &next);
        };
        const entry second = s.line[1];
        const auto free_own = [&] {
            if (s.line[0] > of_place) next.places[process_of(s.line[0])] = is_free;
        };
        if (second == 0 || second < of_place) {
            free_own();
            take_out(next, 0);
            return go(second == 0 ? "unlocks" : "hands on");
        }
        const std::size_t q = process_of(second);
        if (s.places[q] == gone_notified && now.passed != q + 1) {
            clear(next.came, q);
            now.passed = static_cast<std::uint8_t>(q + 1);
            now.then_after = now.then;
            now.then = unlock;
            now.pc = n_look;
            return emit("passes on a notification", &next);
        }
        if (s.places[q] == gone || s.places[q] == gone_notified) {
            next.places[q] = is_free;
            take_out(next, 1);
            now.passed = 0;
            return emit("buries one", &next);
        }
        free_own();
        take_out(next, 0);
        next.places[q] = granted;
        go("hands on");
    }

    template <class Emit>
    void process(const state& s, std::size_t p, Emit& emit) const {
        state next = s;
        runner& now = next.procs[p];
        const auto me = static_cast<std::uint8_t>(p + 1);
        const auto go = [&](const char* label, std::uint8_t to, std::uint8_t then = 0) {
            now.pc = to;
            now.then = then;
            now.then_after = 0;
            emit(label, &next);
        };
        const char what = set_.programs[p];
        switch (s.procs[p].pc) {
        case ask:
            push(next, me);
            go("asks for the lock", in_line);
            break;
        case in_line:
            if (s.line[0] == me) go("has it", what == 'W' ? note_place : begin_to_notify);
            break;
        case note_place:
            next.places[p] = cwait;
            next.links[p] = s.top;
            go("its place", link);
            break;
        case link:
            next.top = me;
            go("links it", unlock, waits);
            break;
        case waits:
            if (s.places[p] == granted && s.line[0] == me + of_place) {
                next.places[p] = mine;
                clear(next.came, p);
                go("goes on", unlock, through);
            }
            break;
        case ask_again:
            push(next, me);
            go("asks for the lock", clear_place);
            break;
        case clear_place:
            if (s.line[0] != me) return;
            if (linked(s, me) && s.places[p] == gone) {
                cut(next, me);
                go("takes it out", cleared);
            } else {
                go("it is out", unlock, through);
            }
            break;
        case cleared:
            next.places[p] = is_free;
            go("frees it", unlock, through);
            break;
        case begin_to_notify:
            now.pc = n_look;
            now.then = what == 'A' ? notify_all_on : unlock;
            now.then_after = what == 'A' ? 0 : through;
            emit("begins to notify", &next);
            break;
        case notify_all_on:
            if (s.top == 0) return go("and nobody else", unlock, through);
            now.pc = n_look;
            now.then = notify_all_on;
            emit("and the others", &next);
            break;
        case unlock: let_go(s, next, now, emit); break;
        case through:
        case dead: break;
        default: notify(s, next, now, emit);
        }
    }

    template <class Emit>
    void may(const state& s, std::size_t p, Emit& emit) const {
        const runner& now = s.procs[p];
        if (now.pc == waits && s.timeouts != 0 && (s.places[p] == cwait || s.places[p] == notified)) {
            state next = s;
            --next.timeouts;
            gives_up(next, p);
            next.procs[p].pc = ask_again;
            emit("gives up", &next);
        }
        if (s.kills == 0 || now.pc == through || now.pc == dead) return;
        state next = s;
        --next.kills;
        next.procs[p] = runner{};
        next.procs[p].pc = dead;
        set(next.deaths, p);
        emit("kill", &next);
    }
    void gives_up(state& s, std::size_t p) const {
        const bool kept = s.places[p] == cwait || set_.planted == fault::not_passed_on;
        s.places[p] = kept ? gone : gone_notified;
    }

    template <class Emit>
    void keep(const state& s, Emit& emit) const {
        state next = s;
        runner& now = next.keeper;
        const auto go = [&](const char* label, std::uint8_t to, std::uint8_t then = 0) {
            now.pc = to;
            now.then = then;
            now.then_after = 0;
            if (to == idle) {
                now = runner{};
                now.pc = idle;
                next.keeper_of = 0;
            }
            emit(label, &next);
        };
        const std::uint8_t of = s.keeper_of;
        const std::size_t p = of - 1u;
        const bool holds = of != 0 && s.line[0] != 0 && process_of(s.line[0]) == p;
        switch (s.keeper.pc) {
        case idle:
            for (std::size_t q = 0; q < count_; ++q) {
                if ((s.deaths >> q & 1) == 0) continue;
                next = s;
                clear(next.deaths, q);
                next.keeper_of = static_cast<std::uint8_t>(q + 1);
                go("the keeper sees an end", k_place);
            }
            break;
        case k_place:
            if (holds) return go("it held", k_moving);
            if (s.places[p] == cwait || s.places[p] == notified) gives_up(next, p);
            go("its place is gone", k_line);
            break;
        case k_line:
            if (holds) return go("it held", k_moving);
            for (std::size_t i = 0; i < s.line.size(); ++i) {
                if (s.line[i] != of) continue;
                take_out(next, i);
                break;
            }
            go("out of the line", idle);
            break;
        case k_moving: {
            const std::uint8_t one = s.moving;
            const std::uint8_t is = one == 0 ? static_cast<std::uint8_t>(is_free) : s.places[one - 1u];
            const bool on_its_way = is == cwait || is == notified || is == gone || is == gone_notified;
            if (!on_its_way || set_.planted == fault::move_not_finished) {
                next.moving = 0;
                go("nothing on its way", k_burying);
            } else if (is_in_line(s, static_cast<entry>(one + of_place))) {
                next.moving = 0;
                go("had moved it", k_burying);
            } else if (linked(s, one)) {
                now.one = one;
                go("is not moved yet", n_note, k_burying);
            } else {
                push(next, static_cast<entry>(one + of_place));
                next.moving = 0;
                go("pushes it", k_burying);
            }
            break;
        }
        case k_burying: {
            const std::uint8_t one = s.burying;
            if (one != 0 && !linked(s, one) && s.places[one - 1u] == gone &&
                set_.planted != fault::burial_not_finished) {
                next.places[one - 1u] = is_free;
            }
            next.burying = 0;
            go("settles a burial", k_own);
            break;
        }
        case k_own: {
            const bool is_linked = linked(s, of), waits_in_line = is_in_line(s, static_cast<entry>(of + of_place));
            if ((s.places[p] == cwait || s.places[p] == gone) && !is_linked && !waits_in_line) {
                next.places[p] = is_free;
                go("it never was linked", unlock, idle);
            } else if (s.places[p] == cwait || s.places[p] == notified) {
                if (s.places[p] == cwait) {
                    next.places[p] = gone;
                } else {
                    next.places[p] = gone_notified;
                }
                go("its place is gone", unlock, idle);
            } else if (s.places[p] == granted && set_.planted != fault::not_passed_on) {
                next.places[p] = mine;
                clear(next.came, p);
                now.pc = n_look;
                now.then = unlock;
                now.then_after = idle;
                emit("it never went on", &next);
            } else {
                go("goes on", unlock, idle);
            }
            break;
        }
        case unlock: {
            const auto pass = [&](const char* label, const state* to) {
                state done = *to;
                if (done.keeper.pc == idle) {
                    done.keeper = runner{};
                    done.keeper.pc = idle;
                    done.keeper_of = 0;
                }
                emit(label, &done);
            };
            let_go(s, next, now, pass);
            break;
        }
        default: notify(s, next, now, emit);
        }
    }

    setting set_;
    std::size_t count_ = 0;
};

inline verdict check(const setting& set, std::size_t most_states = 8'000'000) {
    const steps all(set);
    return explore(
        all.first(), [&all](const state& s, auto&& emit) { all(s, emit); },
        [&all](const state& s) { return all.judge(s); }, most_states);
}

}  // namespace model::conditions
