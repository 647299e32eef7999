// The one clock of the runtime: steady, shared by every process of the machine.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdint>

namespace troupe::base {

using steady_clock = std::chrono::steady_clock;
using time_point = steady_clock::time_point;
using duration = std::chrono::nanoseconds;

// A few nanoseconds to read, moves every 1 to 4 ms.
inline time_point coarse_now() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return time_point(std::chrono::seconds(t.tv_sec) + duration(t.tv_nsec));
}

inline std::uint64_t in_ms(time_point when) noexcept {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count());
}

}  // namespace troupe::base
