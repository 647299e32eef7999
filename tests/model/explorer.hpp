// Walks every state that a model can reach, breadth first, and says what is wrong with the first bad one and how it
// came about. A model is right when no step is a violation, every state without a step is a good end, and from every
// state some good end can still be reached.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace model {

struct verdict {
    std::size_t states = 0;
    std::size_t ends = 0;
    std::string wrong;  // empty: nothing
    std::vector<std::string> trace;
};

// State: trivially copyable, without padding. Steps: steps(state, emit), where emit(label, next) gives a step, and
// emit(label, nullptr) a violation. Judge: judge(state) gives an empty string for a good end.
template <class State, class Steps, class Judge>
class explorer {
    static_assert(std::is_trivially_copyable_v<State> && std::has_unique_object_representations_v<State>);

public:
    explorer(Steps steps, Judge judge) : steps_(steps), judge_(judge), table_(std::size_t{1} << 20) {}

    verdict explore(const State& first, std::size_t most_states) {
        verdict result;
        find(first, 0);
        for (std::uint32_t at = 0; at < states_.size() && result.wrong.empty(); ++at) {
            bool moved = false;
            const State here = states_[at];
            steps_(here, [&](const char* label, const State* next) {
                if (!result.wrong.empty()) return;
                if (next == nullptr) {
                    result.wrong = label;
                    result.trace = trace(at);
                    return;
                }
                if (std::memcmp(next, &here, sizeof(State)) == 0) return;
                moved = true;
                find(*next, at);
            });
            if (!moved && result.wrong.empty()) {
                ends_.push_back(at);
                result.wrong = judge_(here);
                if (!result.wrong.empty()) result.trace = trace(at);
            }
            if (states_.size() > most_states) result.wrong = "too many states";
        }
        result.states = states_.size();
        result.ends = ends_.size();
        if (result.wrong.empty()) look_for_traps(result);
        return result;
    }

private:
    static std::uint64_t hash(const State& state) {
        std::uint64_t h = 0x9e3779b97f4a7c15;
        const auto* bytes = reinterpret_cast<const unsigned char*>(&state);
        for (std::size_t i = 0; i < sizeof(State); i += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes + i, std::min<std::size_t>(8, sizeof(State) - i));
            h = (h ^ word) * 0xff51afd7ed558ccd;
            h ^= h >> 32;
        }
        return h;
    }

    std::uint32_t* slot_of(const State& state) {
        for (std::size_t i = hash(state) & (table_.size() - 1);; i = (i + 1) & (table_.size() - 1))
            if (table_[i] == 0 || std::memcmp(&states_[table_[i] - 1], &state, sizeof(State)) == 0) return &table_[i];
    }

    std::uint32_t find(const State& state, std::uint32_t parent) {
        std::uint32_t* slot = slot_of(state);
        if (*slot != 0) return *slot - 1;
        states_.push_back(state);
        parents_.push_back(parent);
        *slot = static_cast<std::uint32_t>(states_.size());
        if (states_.size() * 2 > table_.size()) {
            table_.assign(table_.size() * 2, 0);
            for (std::uint32_t i = 0; i < states_.size(); ++i) *slot_of(states_[i]) = i + 1;
        }
        return static_cast<std::uint32_t>(states_.size() - 1);
    }

    // Backwards from the ends: what is never met can go round for ever and never end.
    void look_for_traps(verdict& result) {
        std::vector<std::uint32_t> count(states_.size() + 1), from;
        const auto each_edge = [&](auto visit) {
            for (std::uint32_t at = 0; at < states_.size(); ++at)
                steps_(states_[at], [&](const char*, const State* next) { visit(at, *slot_of(*next) - 1); });
        };
        each_edge([&](std::uint32_t, std::uint32_t to) { ++count[to + 1]; });
        for (std::size_t i = 1; i < count.size(); ++i) count[i] += count[i - 1];
        from.resize(count.back());
        std::vector<std::uint32_t> next(count.begin(), count.end() - 1);
        each_edge([&](std::uint32_t at, std::uint32_t to) { from[next[to]++] = at; });

        std::vector<bool> good(states_.size());
        std::vector<std::uint32_t> open = ends_;
        for (const std::uint32_t end : ends_) good[end] = true;
        while (!open.empty()) {
            const std::uint32_t at = open.back();
            open.pop_back();
            for (std::uint32_t i = count[at]; i < count[at + 1]; ++i) {
                if (good[from[i]]) continue;
                good[from[i]] = true;
                open.push_back(from[i]);
            }
        }
        for (std::uint32_t at = 0; at < states_.size(); ++at) {
            if (good[at]) continue;
            result.wrong = "no end can be reached from here";
            result.trace = trace(at);
            return;
        }
    }

    std::vector<std::string> trace(std::uint32_t at) {
        std::vector<std::uint32_t> path;
        for (; at != 0; at = parents_[at]) path.push_back(at);
        std::vector<std::string> labels;
        std::uint32_t before = 0;
        for (auto step = path.rbegin(); step != path.rend(); before = *step++) {
            bool named = false;
            steps_(states_[before], [&](const char* label, const State* next) {
                if (named || next == nullptr || std::memcmp(next, &states_[*step], sizeof(State)) != 0) return;
                labels.push_back(label);
                named = true;
            });
        }
        return labels;
    }

    Steps steps_;
    Judge judge_;
    std::vector<State> states_;
    std::vector<std::uint32_t> parents_, table_, ends_;
};

template <class State, class Steps, class Judge>
verdict explore(const State& first, Steps steps, Judge judge, std::size_t most_states) {
    return explorer<State, Steps, Judge>(steps, judge).explore(first, most_states);
}

}  // namespace model
