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

std::string to_string(const kill_point& point);

// Whether an instruction belongs to the executable: troupe is linked into it, libraries are not.
bool in_own_code(std::uint64_t address);

}  // namespace proving
