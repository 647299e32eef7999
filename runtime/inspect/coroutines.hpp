// The coroutines of a process that wait, each from where it waits up to the one that the actor began with.
//
// Every task keeps the place of its last await, so none of this needs debug information. It is read from the memory of
// the process (detail::promise_layout says where), and each address found there may be wrong: what makes no sense ends
// the line of coroutines.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "inspect/other_memory.hpp"
#include "inspect/snapshot.hpp"

namespace troupe::inspect {

// Innermost first, as many places as functions.
struct coroutine_line {
    std::vector<source_place> places;
    std::vector<std::string> functions;
    waiting_row why;
};

// The line that ends in what waits for `why`; empty where that names no coroutine.
coroutine_line read_line(const other_memory& memory, const waiting_row& why);

}  // namespace troupe::inspect
