// The event and the barrier of shm/meeting_cells.hpp, with every process and the keeper taking one load, store or swap
// at a time, in every order. A process may be killed before each of its steps, and may give up where it sleeps.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "explorer.hpp"

namespace model::meetings {

inline constexpr std::size_t most_processes = 3;

enum class fault : std::uint8_t {
    none,
    no_second_look,    // before sleep
    no_count,          // what was set and cleared at once is not seen
    keeper_is_silent,  // it rings nobody
    keeper_lets_be,    // a death does not break the barrier
    just_goes,         // who gives up at the barrier breaks nothing
    broken_first,      // broken is looked at before the round
};

// What need never happen happens only where something else can: whoever waits then, and for nothing, waits for ever.
template <class State, class Run, class May, class Emit>
void all_steps(const State& s, Run run, May may, Emit&& emit) {
    bool goes_on = false;
    run([&](const char* label, const State* next) {
        goes_on = goes_on || next == nullptr || std::memcmp(next, &s, sizeof s) != 0;
        emit(label, next);
    });
    if (goes_on) may(emit);
}

// --- the event

namespace event {

// Of each process: 's' set, 'c' clear, 'w' wait.
struct setting {
    std::array<const char*, most_processes> programs{};
    std::uint8_t kills = 0, timeouts = 0;
    fault planted = fault::none;
};

enum pc : std::uint8_t { next_one, ring, add_bit, look, asleep, through, dead };

struct runner {
    std::uint8_t pc, at, x;  // x: whom it rings next; the count when it came
};
struct state {
    std::uint8_t set, times;
    std::uint8_t bits, bells;
    std::array<runner, most_processes> procs;
    std::uint8_t dying, rung_up_to;  // whose end the keeper deals with, + 1; whom it rings next
    std::uint8_t deaths;             // a bit for each end that waits for it
    std::uint8_t kills, timeouts;
};

class steps {
public:
    explicit steps(const setting& set) : set_(set) {
        while (count_ < most_processes && set.programs[count_] != nullptr) ++count_;
    }
    state first() const {
        state made;
        std::memset(&made, 0, sizeof made);
        for (std::size_t p = count_; p < most_processes; ++p) made.procs[p].pc = through;
        made.kills = set_.kills;
        made.timeouts = set_.timeouts;
        return made;
    }
    std::string judge(const state& s) const {
        for (std::size_t p = 0; p < count_; ++p) {
            const runner& one = s.procs[p];
            const bool over = one.pc == through || one.pc == dead;
            if (over && (s.bits >> p & 1) != 0) return "a bit is left";
            if (over) continue;
            if (one.pc != asleep || s.set != 0 || one.x != s.times) return "a process waits for ever";
        }
        return "";
    }
    template <class Emit>
    void operator()(const state& s, Emit&& emit) const {
        all_steps(
            s,
            [&](auto&& run) {
                for (std::size_t p = 0; p < count_; ++p) process(s, p, run);
                keep(s, run);
            },
            [&](auto& out) {
                for (std::size_t p = 0; p < count_; ++p) may(s, p, out);
            },
            emit);
    }

private:
    void ring_bell(state& s, std::size_t q) const {
        if (s.procs[q].pc != dead) s.bells = static_cast<std::uint8_t>(s.bells | 1 << q);
    }
    static void clear(std::uint8_t& bits, std::size_t p) { bits = static_cast<std::uint8_t>(bits & ~(1 << p)); }

    template <class Emit>
    void process(const state& s, std::size_t p, Emit& emit) const {
        state next = s;
        runner& now = next.procs[p];
        const auto go = [&](const char* label, std::uint8_t to) {
            now.pc = to;
            emit(label, &next);
        };
        const auto done = [&](const char* label) {
            ++now.at;
            now.x = 0;
            go(label, next_one);
        };
        switch (s.procs[p].pc) {
        case next_one: {
            const char what = set_.programs[p][now.at];
            if (what == 0) {
                go("through", through);
            } else if (what == 's') {
                next.set = 1;
                ++next.times;
                now.x = 0;
                go("sets", ring);
            } else if (what == 'c') {
                next.set = 0;
                done("clears");
            } else if (s.set != 0) {
                done("it is set");
            } else {
                now.x = s.times;
                go("it is not set", add_bit);
            }
            break;
        }
        case ring:
            if (now.x == count_) return done("rang all");
            if ((s.bits >> now.x & 1) != 0) ring_bell(next, now.x);
            ++now.x;
            go("rings", ring);
            break;
        case add_bit:
            next.bits = static_cast<std::uint8_t>(next.bits | 1 << p);
            go("adds its bit", set_.planted == fault::no_second_look ? asleep : look);
            break;
        case look:
            if (s.set != 0 || (s.times != now.x && set_.planted != fault::no_count)) {
                clear(next.bits, p);
                done("it was set");
            } else {
                go("sleeps", asleep);
            }
            break;
        case asleep:
            if ((s.bells >> p & 1) == 0) return;
            clear(next.bells, p);
            go("wakes", look);
            break;
        default: break;
        }
    }

    template <class Emit>
    void may(const state& s, std::size_t p, Emit& emit) const {
        const runner& now = s.procs[p];
        if (now.pc == asleep && s.timeouts != 0) {
            state next = s;
            clear(next.bits, p);
            --next.timeouts;
            next.procs[p] = {next_one, static_cast<std::uint8_t>(now.at + 1), 0};
            emit("gives up", &next);
        }
        if (s.kills == 0 || now.pc == through || now.pc == dead) return;
        state next = s;
        --next.kills;
        next.procs[p].pc = dead;
        clear(next.bells, p);
        next.deaths = static_cast<std::uint8_t>(next.deaths | 1 << p);
        emit("kill", &next);
    }

    template <class Emit>
    void keep(const state& s, Emit& emit) const {
        state next = s;
        if (s.dying == 0) {
            for (std::size_t p = 0; p < count_; ++p) {
                if ((s.deaths >> p & 1) == 0) continue;
                next = s;
                clear(next.deaths, p);
                next.dying = static_cast<std::uint8_t>(p + 1);
                next.rung_up_to = 0;
                emit("the keeper sees an end", &next);
            }
        } else if (s.rung_up_to == count_) {
            clear(next.bits, s.dying - 1u);
            next.dying = next.rung_up_to = 0;
            emit("the keeper is through", &next);
        } else {
            const std::size_t q = s.rung_up_to;
            if ((s.bits >> q & 1) != 0 && set_.planted != fault::keeper_is_silent) ring_bell(next, q);
            ++next.rung_up_to;
            emit("the keeper rings", &next);
        }
    }

    setting set_;
    std::size_t count_ = 0;
};

}  // namespace event

// --- the barrier

namespace barrier {

struct setting {
    std::uint8_t parties = 2, rounds = 1, kills = 0, timeouts = 0;
    fault planted = fault::none;
};

enum pc : std::uint8_t { next_round, arrive, ring, look, asleep, through, broken, dead };

struct runner {
    std::uint8_t pc, at, round, x;  // at: rounds it has been through
};
struct state {
    std::uint8_t round, arrived, is_broken;
    std::uint8_t bits, bells;
    std::array<runner, most_processes> procs;
    std::uint8_t dying, stage;
    std::uint8_t deaths;
    std::uint8_t kills, timeouts;
    std::array<std::uint8_t, most_processes> came;  // how often, for the check
};

class steps {
public:
    explicit steps(const setting& set) : set_(set) {}
    state first() const {
        state made;
        std::memset(&made, 0, sizeof made);
        for (std::size_t p = set_.parties; p < most_processes; ++p) made.procs[p].pc = through;
        made.kills = set_.kills;
        made.timeouts = set_.timeouts;
        return made;
    }
    std::string judge(const state& s) const {
        for (const runner& one : s.procs) {
            if (one.pc != through && one.pc != broken && one.pc != dead) return "a process waits for ever";
        }
        return "";
    }
    template <class Emit>
    void operator()(const state& s, Emit&& emit) const {
        all_steps(
            s,
            [&](auto&& run) {
                for (std::size_t p = 0; p < set_.parties; ++p) process(s, p, run);
                keep(s, run);
            },
            [&](auto& out) {
                for (std::size_t p = 0; p < set_.parties; ++p) may(s, p, out);
            },
            emit);
    }

private:
    std::uint8_t fewest(const state& s) const {
        std::uint8_t least = s.came[0];
        for (std::size_t p = 1; p < set_.parties; ++p) least = s.came[p] < least ? s.came[p] : least;
        return least;
    }
    void ring_bell(state& s, std::size_t q) const {
        if (s.procs[q].pc != dead) s.bells = static_cast<std::uint8_t>(s.bells | 1 << q);
    }
    static void clear(std::uint8_t& bits, std::size_t p) { bits = static_cast<std::uint8_t>(bits & ~(1 << p)); }

    template <class Emit>
    void process(const state& s, std::size_t p, Emit& emit) const {
        state next = s;
        runner& now = next.procs[p];
        const auto go = [&](const char* label, std::uint8_t to) {
            now.pc = to;
            emit(label, &next);
        };
        switch (s.procs[p].pc) {
        case next_round:
            if (now.at == set_.rounds) return go("through", through);
            next.bits = static_cast<std::uint8_t>(next.bits | 1 << p);
            go("adds its bit", arrive);
            break;
        case arrive:
            if (s.is_broken != 0) {
                clear(next.bits, p);
                return go("finds it broken", broken);
            }
            ++next.came[p];
            now.round = s.round;
            now.x = 0;
            if (s.arrived + 1 == set_.parties) {
                ++next.round;
                next.arrived = 0;
                go("completes the round", ring);
            } else {
                ++next.arrived;
                go("arrives", look);
            }
            break;
        case ring:
            if (now.x == set_.parties) {
                now.x = 0;
                return go("rang all", look);
            }
            if ((s.bits >> now.x & 1) != 0) ring_bell(next, now.x);
            ++now.x;
            go("rings", ring);
            break;
        case look: {
            const bool moved = s.round != now.round, is_broken = s.is_broken != 0;
            if (moved && is_broken && set_.planted == fault::broken_first) {
                return emit("a complete round is broken", nullptr);
            }
            if (moved) {
                bool without = fewest(s) < now.round + 1;
                for (const runner& one : s.procs) without = without || (one.pc == broken && one.at == now.at);
                if (without) return emit("a round without everybody", nullptr);
                clear(next.bits, p);
                ++now.at;
                go("goes on", next_round);
            } else if (is_broken) {
                if (fewest(s) > now.round) return emit("a complete round is broken", nullptr);
                clear(next.bits, p);
                go("it is broken", broken);
            } else {
                go("sleeps", asleep);
            }
            break;
        }
        case asleep:
            if ((s.bells >> p & 1) == 0) return;
            clear(next.bells, p);
            go("wakes", look);
            break;
        default: break;
        }
    }

    template <class Emit>
    void may(const state& s, std::size_t p, Emit& emit) const {
        const runner& now = s.procs[p];
        if (now.pc == asleep && s.timeouts != 0) {
            state next = s;
            --next.timeouts;
            if (set_.planted == fault::just_goes) {
                clear(next.bits, p);
                next.procs[p].pc = broken;
            } else if (s.round != now.round) {
                next.procs[p].pc = look;
            } else {
                next.is_broken = 1;
                next.procs[p].x = 0;
                next.procs[p].pc = ring;
            }
            emit("gives up", &next);
        }
        if (s.kills == 0 || now.pc == through || now.pc == dead || now.pc == broken) return;
        state next = s;
        --next.kills;
        next.procs[p].pc = dead;
        clear(next.bells, p);
        next.deaths = static_cast<std::uint8_t>(next.deaths | 1 << p);
        emit("kill", &next);
    }

    template <class Emit>
    void keep(const state& s, Emit& emit) const {
        state next = s;
        if (s.dying == 0) {
            for (std::size_t p = 0; p < set_.parties; ++p) {
                if ((s.deaths >> p & 1) == 0) continue;
                next = s;
                clear(next.deaths, p);
                next.dying = static_cast<std::uint8_t>(p + 1);
                next.stage = 0;
                emit("the keeper sees an end", &next);
            }
            return;
        }
        if (s.stage == 0) {
            if (set_.planted != fault::keeper_lets_be) next.is_broken = 1;
            next.stage = 1;
            emit("the keeper breaks it", &next);
        } else if (s.stage - 1u == set_.parties) {
            clear(next.bits, s.dying - 1u);
            next.dying = next.stage = 0;
            emit("the keeper is through", &next);
        } else {
            const std::size_t q = s.stage - 1u;
            if ((s.bits >> q & 1) != 0 && set_.planted != fault::keeper_is_silent) ring_bell(next, q);
            ++next.stage;
            emit("the keeper rings", &next);
        }
    }

    setting set_;
};

}  // namespace barrier

template <class Steps, class Setting>
verdict check(const Setting& set, std::size_t most_states = 8'000'000) {
    const Steps all(set);
    using state = decltype(all.first());
    return explore(
        all.first(), [&all](const state& s, auto&& emit) { all(s, emit); },
        [&all](const state& s) { return all.judge(s); }, most_states);
}

}  // namespace model::meetings
