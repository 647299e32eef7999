// Where an actor stands at this moment: the calls its thread is in, and the coroutines that wait.
#pragma once

#include <string>
#include <vector>

#include "inspect/coroutines.hpp"
#include "inspect/observer.hpp"
#include "inspect/snapshot.hpp"

namespace troupe::inspect {

struct held_stack {
    double held_ms = 0;             // 0: it was not held, because a debugger has stopped it
    std::vector<frame_row> frames;  // innermost first
    std::vector<coroutine_line> waiting;
    char state = '?';  // of its process before it was held, as /proc has it
};

// Holds the process for a moment; a stopped one stays stopped. Throws failure where that is not allowed, and where the
// actor has no process, or gets another one meanwhile.
held_stack read_stack(const observer& from, const actor_row& actor);

}  // namespace troupe::inspect
