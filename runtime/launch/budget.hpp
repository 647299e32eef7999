// How much shared memory a program may use, and how much address space that is laid out over.
#pragma once

#include <cstddef>

#include "process/memory_limits.hpp"

namespace troupe::launch {

struct memory_budget {
    std::size_t bytes = 0;
    unsigned halvings = 0;  // of the windows, see shm::lay_out
};

// `wanted` is run_options::memory: 0 for half of the memory there is, or less where that does not fit the limits of
// address space and of file sizes. Throws misuse when it is too small, out_of_memory with the numbers when it does not
// fit.
memory_budget budget_for(std::size_t wanted, const process::memory_limits& limits);

}  // namespace troupe::launch
