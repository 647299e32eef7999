// What the keeper writes down of each end, for those who ask later how it came about: see shm/end_log.hpp.
#pragma once

#include <cstdint>

#include <troupe/detail/actor_id.hpp>

#include "shm/program_memory.hpp"

namespace troupe::keepers {

// The process of that actor has ended, and `endings` has written down how. `lost`: messages that go with it. Without
// memory for a record that end is counted, and not kept.
void note_end(shm::program_memory& memory, detail::actor_id actor, std::uint32_t lost) noexcept;

}  // namespace troupe::keepers
