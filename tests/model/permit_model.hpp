// The semaphore of shm/permit_line.hpp, with every process and the keeper taking one load, store or swap at a time, in
// every order. A process may be killed before each of its steps, and may give up where it sleeps. The line is one step
// here: lock_model.hpp has it. Each process takes as many permits as it wants, and gives them back, some times over.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "explorer.hpp"

namespace model::permits {

inline constexpr std::size_t most_processes = 3;

enum class fault : std::uint8_t {
    none,
    last_not_entered,  // permits are changed, and the change before is not entered
    account_believed,  // the keeper believes the account alone
    no_second_look,    // before sleep at the turnstile
    keeper_is_silent,  // it does not ring the turnstile
};

struct setting {
    std::uint8_t permits = 1;
    std::array<std::uint8_t, most_processes> wants{}, rounds{};
    std::uint8_t kills = 0, timeouts = 0;
    fault planted = fault::none;
};

struct change {
    std::uint8_t number, held;
    friend bool operator==(const change&, const change&) = default;
};
struct word {
    std::uint8_t free, account, number;  // account: process + 1
    friend bool operator==(const word&, const word&) = default;
};

enum pc : std::uint8_t {
    begin,
    read_line,
    decide,
    enter_fast,
    entered_fast,
    take_fast,
    stands_fast,
    join,
    turn,
    asleep,
    at_turnstile,
    too_few,
    about_to_sleep,
    asleep_there,
    enter_there,
    entered_there,
    take_there,
    stands_there,
    pass,
    ring_next,
    inside,
    read_to_give,
    enter_to_give,
    entered_to_give,
    give,
    stands_given,
    ring_turnstile,
    through,
    dead,
    idle,
    reckon,
    enter_last,
    entered_last,
    give_back,
    leave,
    ring,
};

struct runner {
    std::uint8_t pc, left;
    std::uint8_t saw_line;  // when it began: a bit for each that was in line
    word seen;              // of the semaphore
    std::uint8_t of;        // whose account it has read, + 1
    change was_standing, was_meant;
    std::uint8_t then;  // what follows
    std::uint8_t held;  // the keeper: what it gives back
};

struct state {
    word now;
    std::array<change, most_processes> stands, meant;
    std::array<std::uint8_t, most_processes> line;  // process + 1; the first is at the turnstile
    std::array<runner, most_processes> procs;
    runner keeper;
    std::uint8_t keeper_of;  // whose end it deals with, + 1
    std::uint8_t deaths, bells, parked;
    std::uint8_t kills, timeouts;
    std::array<std::uint8_t, most_processes> has;  // for the check
};

class steps {
public:
    explicit steps(const setting& set) : set_(set) {
        while (count_ < most_processes && set.wants[count_] != 0) ++count_;
    }
    state first() const {
        state made;
        std::memset(&made, 0, sizeof made);
        made.now.free = set_.permits;
        for (std::size_t p = 0; p < most_processes; ++p) made.procs[p].left = p < count_ ? set_.rounds[p] : 0;
        for (std::size_t p = count_; p < most_processes; ++p) made.procs[p].pc = through;
        made.keeper.pc = idle;
        made.kills = set_.kills;
        made.timeouts = set_.timeouts;
        return made;
    }
    std::string judge(const state& s) const {
        for (const runner& one : s.procs) {
            if (one.pc != through && one.pc != dead) return "a process waits for ever";
        }
        if (s.now.free != set_.permits) return "a permit is lost, or was made";
        return s.line[0] != 0 ? "the line is stuck" : "";
    }
    template <class Emit>
    void operator()(const state& s, Emit&& emit) const {
        unsigned sum = s.now.free;
        for (const std::uint8_t one : s.has) sum += one;
        if (sum != set_.permits) return emit("permits are not conserved", nullptr);
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
    static void clear(std::uint8_t& bits, std::size_t p) { bits = static_cast<std::uint8_t>(bits & ~(1 << p)); }
    static void set(std::uint8_t& bits, std::size_t p) { bits = static_cast<std::uint8_t>(bits | 1 << p); }
    static void leave_line(state& s, std::uint8_t one) {
        std::array<std::uint8_t, most_processes> kept{};
        std::size_t count = 0;
        for (const std::uint8_t other : s.line) {
            if (other != 0 && other != one) kept[count++] = other;
        }
        s.line = kept;
    }
    static std::uint8_t line_bits(const state& s) {
        std::uint8_t bits = 0;
        for (const std::uint8_t one : s.line) {
            if (one != 0) set(bits, one - 1u);
        }
        return bits;
    }
    static void forget(runner& now) {
        now.of = 0;
        now.was_standing = now.was_meant = {};
    }

    // Before somebody changes the word. Two steps: the account is read, and then the word once more.
    template <class Emit>
    void enter(const state& s, state& next, runner& now, std::uint8_t second, std::uint8_t then, Emit& emit) const {
        const std::uint8_t q = now.seen.account;
        now.pc = then;
        if (s.now == now.seen && q != 0 && set_.planted != fault::last_not_entered &&
            s.meant[q - 1u].number == now.seen.number && !(s.stands[q - 1u] == s.meant[q - 1u])) {
            now.of = q;
            now.was_standing = s.stands[q - 1u];
            now.was_meant = s.meant[q - 1u];
            now.pc = second;
        }
        emit("looks at the account", &next);
    }
    template <class Emit>
    void entered(const state& s, state& next, runner& now, std::uint8_t then, Emit& emit) const {
        change& stands = next.stands[now.of - 1u];
        if (s.stands[now.of - 1u] == now.was_standing) stands = now.was_meant;
        forget(now);
        now.pc = then;
        emit("enters the last", &next);
    }

    template <class Emit>
    void process(const state& s, std::size_t p, Emit& emit) const {
        state next = s;
        runner& now = next.procs[p];
        const auto me = static_cast<std::uint8_t>(p + 1);
        const std::uint8_t wants = set_.wants[p];
        const change& meant = s.meant[p];
        const auto go = [&](const char* label, std::uint8_t to) {
            now.pc = to;
            emit(label, &next);
        };
        const auto took = [&] {
            next.now = {static_cast<std::uint8_t>(s.now.free - wants), me, meant.number};
            next.has[p] = static_cast<std::uint8_t>(next.has[p] + wants);
            now.seen = {};
        };
        const auto ring_first = [&] {
            const std::uint8_t head = s.line[0];
            if (head != 0 && (s.parked >> (head - 1) & 1) != 0 && s.procs[head - 1u].pc != dead) {
                set(next.bells, head - 1u);
            }
        };
        switch (s.procs[p].pc) {
        case begin:
            if (now.left == 0) return go("through", through);
            next.meant[p] = {static_cast<std::uint8_t>(s.stands[p].number + 1),
                             static_cast<std::uint8_t>(s.stands[p].held + wants)};
            now.saw_line = line_bits(s);
            go("means to take", read_line);
            break;
        case read_line:
            now.seen = s.now;
            go("reads the word", decide);
            break;
        case decide:
            if (now.saw_line != 0 || now.seen.free < wants) {
                now.seen = {};
                now.saw_line = 0;
                go("has to wait", join);
            } else {
                go("nobody waits", enter_fast);
            }
            break;
        case enter_fast: enter(s, next, now, entered_fast, take_fast, emit); break;
        case entered_fast: entered(s, next, now, take_fast, emit); break;
        case take_fast:
            if (!(s.now == now.seen)) return go("the word has changed", read_line);
            now.saw_line = 0;
            took();
            go("takes", stands_fast);
            break;
        case stands_fast:
            next.stands[p] = meant;
            go("has it", inside);
            break;
        case join:
            for (std::uint8_t& one : next.line) {
                if (one != 0) continue;
                one = me;
                break;
            }
            go("joins", turn);
            break;
        case turn:
            if (s.line[0] == me) return go("at the turnstile", at_turnstile);
            set(next.parked, p);
            go("parks", asleep);
            break;
        case asleep:
            if ((s.bells >> p & 1) == 0) return;
            clear(next.bells, p);
            clear(next.parked, p);
            go("wakes", turn);
            break;
        case at_turnstile:
            now.seen = s.now;
            if (s.now.free >= wants) return go("reads the word", enter_there);
            now.seen = {};
            go("too few", too_few);
            break;
        case too_few:
            set(next.parked, p);
            go("says that it sleeps", about_to_sleep);
            break;
        case about_to_sleep:
            if (s.now.free >= wants && set_.planted != fault::no_second_look) {
                clear(next.parked, p);
                go("looks again", at_turnstile);
            } else {
                go("sleeps", asleep_there);
            }
            break;
        case asleep_there:
            if ((s.bells >> p & 1) == 0) return;
            clear(next.bells, p);
            clear(next.parked, p);
            go("wakes", at_turnstile);
            break;
        case enter_there: enter(s, next, now, entered_there, take_there, emit); break;
        case entered_there: entered(s, next, now, take_there, emit); break;
        case take_there:
            if (!(s.now == now.seen)) {
                now.seen = {};
                return go("the word has changed", at_turnstile);
            }
            took();
            go("takes", stands_there);
            break;
        case stands_there:
            next.stands[p] = meant;
            now.then = inside;
            go("has it", pass);
            break;
        case pass:
            leave_line(next, me);
            go("hands on", ring_next);
            break;
        case ring_next: {
            ring_first();
            const std::uint8_t then = now.then;
            now.then = 0;
            go("rings who is next", then);
            break;
        }
        case inside:
            next.meant[p] = {static_cast<std::uint8_t>(s.stands[p].number + 1),
                             static_cast<std::uint8_t>(s.stands[p].held - wants)};
            go("means to give", read_to_give);
            break;
        case read_to_give:
            now.seen = s.now;
            go("reads the word", enter_to_give);
            break;
        case enter_to_give: enter(s, next, now, entered_to_give, give, emit); break;
        case entered_to_give: entered(s, next, now, give, emit); break;
        case give:
            if (!(s.now == now.seen)) return go("the word has changed", read_to_give);
            next.now = {static_cast<std::uint8_t>(s.now.free + wants), me, meant.number};
            next.has[p] = static_cast<std::uint8_t>(next.has[p] - wants);
            now.seen = {};
            go("gives", stands_given);
            break;
        case stands_given:
            next.stands[p] = meant;
            go("gave it", ring_turnstile);
            break;
        case ring_turnstile:
            ring_first();
            --now.left;
            go("rings the turnstile", begin);
            break;
        default: break;
        }
    }

    template <class Emit>
    void may(const state& s, std::size_t p, Emit& emit) const {
        const runner& now = s.procs[p];
        const bool at_the_turnstile = now.pc == at_turnstile || now.pc == asleep_there;
        if (s.timeouts != 0 && (now.pc == asleep || at_the_turnstile)) {
            state next = s;
            --next.timeouts;
            clear(next.parked, p);
            next.procs[p].pc = now.pc == asleep ? turn : pass;
            if (at_the_turnstile) {
                next.procs[p].then = begin;
                --next.procs[p].left;
            }
            emit("gives up", &next);
        }
        if (s.kills == 0 || now.pc == through || now.pc == dead) return;
        state next = s;
        --next.kills;
        next.procs[p] = runner{};
        next.procs[p].pc = dead;
        clear(next.bells, p);
        set(next.deaths, p);
        emit("kill", &next);
    }

    template <class Emit>
    void keep(const state& s, Emit& emit) const {
        state next = s;
        runner& now = next.keeper;
        const std::size_t p = s.keeper_of - 1u;
        const auto go = [&](const char* label, std::uint8_t to) {
            now.pc = to;
            emit(label, &next);
        };
        switch (s.keeper.pc) {
        case idle:
            for (std::size_t q = 0; q < count_; ++q) {
                if ((s.deaths >> q & 1) == 0) continue;
                next = s;
                clear(next.deaths, q);
                next.keeper_of = static_cast<std::uint8_t>(q + 1);
                go("the keeper sees an end", reckon);
            }
            break;
        case reckon: {
            const bool made = s.now.account == s.keeper_of && s.now.number == s.meant[p].number;
            now.held = made && set_.planted != fault::account_believed ? s.meant[p].held : s.stands[p].held;
            now.seen = s.now;
            go("reckons", enter_last);
            break;
        }
        case enter_last: enter(s, next, now, entered_last, give_back, emit); break;
        case entered_last: entered(s, next, now, give_back, emit); break;
        case give_back:
            if (!(s.now == now.seen)) return go("the word has changed", reckon);
            if (now.held != s.has[p]) return emit("the keeper gives back what was not held", nullptr);
            next.now = {static_cast<std::uint8_t>(s.now.free + now.held), 0, 0};
            next.has[p] = 0;
            now.held = 0;
            now.seen = {};
            go("gives back", leave);
            break;
        case leave:
            leave_line(next, s.keeper_of);
            go("takes it out of the line", ring);
            break;
        case ring: {
            const std::uint8_t head = s.line[0];
            if (head != 0 && s.procs[head - 1u].pc != dead && set_.planted != fault::keeper_is_silent) {
                set(next.bells, head - 1u);
            }
            next.keeper_of = 0;
            go("rings the turnstile", idle);
            break;
        }
        default: break;
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

}  // namespace model::permits
