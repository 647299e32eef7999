// The pools of a program, as far as the slots of their workers tell of them: how many tasks there are is known to the
// owner of a pool alone, in its own memory.
#pragma once

#include <vector>

#include "inspect/actors.hpp"
#include "inspect/snapshot.hpp"

namespace troupe::inspect {

// Workers of one parent with one name are a pool.
std::vector<pool_row> find_pools(const std::vector<actor_seen>& actors);

}  // namespace troupe::inspect
