// What is asked of the forkserver.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::launch {

// Start the actor of this slot. Sent with three descriptors: its doorbell, its parent's, and its parent's directory.
struct fork_request {
    std::uint32_t slot = 0;
    std::uint32_t parent = 0;
    std::uint64_t actor = 0;
    std::uint32_t incarnation = 0;
    std::uint32_t unused = 0;  // a gap would be sent as it was found
};

inline constexpr std::size_t descriptors_of_a_request = 3;

}  // namespace troupe::launch
