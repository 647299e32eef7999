// Times to come, as the keeper counts them: they saturate, and allow for a stop that it does not notice.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.hpp"

namespace troupe::keepers {

inline constexpr std::chrono::milliseconds usual_lateness(10);  // of a thread that wakes up

// The end of time for what lies beyond it.
inline base::time_point later(base::time_point from, std::chrono::nanoseconds by) noexcept {
    return by < base::time_point::max() - from ? from + by : base::time_point::max();
}

// How long the keeper sleeps at most while so much is left of a budget, so that it can tell a stop of the whole program
// from time that passed.
inline std::chrono::nanoseconds tick_of(std::chrono::nanoseconds left) noexcept {
    return std::clamp<std::chrono::nanoseconds>(left / 8, std::chrono::milliseconds(10), std::chrono::seconds(1));
}

// A stop of less than a tick is not noticed: one is granted.
inline base::time_point after_budget(base::time_point now, std::chrono::nanoseconds budget) noexcept {
    return later(later(now, budget), tick_of(budget));
}

inline int ms_until(base::time_point end) noexcept {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - base::steady_clock::now());
    return std::max(0, static_cast<int>(left.count()));
}

}  // namespace troupe::keepers
