// Where a victim is killed: before an instruction of troupe's own code, or of what its headers made of it, for the nth
// time since the operation began; behind a call out of it, at the first instruction of somebody else's; or at a system
// call.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace proving {

struct kill_point {
    enum class kind : std::uint8_t { before, outside, system_call };
    kind what = kind::before;
    std::uint64_t address = 0;  // of the instruction; for `outside` of the call
    std::uint32_t nth = 0;      // for `system_call`: odd at an entry, even at a return

    friend auto operator<=>(const kill_point&, const kill_point&) = default;
};

// Of an instruction that is executed very often in one operation, a loop's, the first times and some of the others are
// kill points.
inline constexpr std::uint32_t every_time_until = 4, then_every = 64;
inline bool worth_a_kill(const kill_point& point) {
    return point.what == kill_point::kind::system_call || point.nth <= every_time_until || point.nth % then_every == 0;
}

std::string to_string(const kill_point& point);

// Whether an instruction belongs to the executable: troupe is linked into it, libraries are not.
bool in_own_code(std::uint64_t address);

}  // namespace proving
