// What a pool tells a worker that it starts, behind the arguments of what prepares it.
#pragma once

#include <cstdint>

namespace troupe::pools {

struct worker_terms {
    std::uint64_t prepare = 0;  // the function that is called before the first task; 0: none
    std::uint64_t tasks_per_worker = 0;
    std::uint64_t worker_memory = 0;
    std::uint32_t is_timed = 0;
    std::uint32_t prepare_is_flat = 0;
};

// What the slot of a worker says that it handles: shm::message_handling::type.
inline constexpr std::uint32_t type_in_hand = 1;

}  // namespace troupe::pools
