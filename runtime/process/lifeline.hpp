// What ends every process of a program when the program has ended, whatever that process has become by then.
//
// A pipe that nobody writes to. Its writing end is the program's alone. Every other process opens the reading end anew,
// as an open file of its own whose owner it is, and asks the kernel for SIGKILL when something happens there; and the
// only thing that happens is that the last writing end is closed. It costs a descriptor, and nothing while the program
// lives. The parent-death signal, which every process has as well, is forgotten by the kernel when a process changes
// its user; this one is judged by whom the process was when it asked, and knows no session, no mask and no busy loop.
// Only of a process that was no root of the whole system when it asked, as in a container of a user's own, and has
// become somebody else since, is the signal kept: such a process sees the pipe's end when it next waits
// (loop::host::lifeline).
//
// Where the system refuses (no /proc, no descriptor left) the parent-death signal stands alone.
#pragma once

#include "base/owned_fd.hpp"

namespace troupe::process {

struct lifeline {
    base::owned_fd held;      // the program's: closed, it ends all who hang on
    base::owned_fd to_share;  // for them
};
// Throws std::system_error.
lifeline make_lifeline();

// An end that is nobody's yet, for one process to hang on; `shared` is another's. Nothing when the system refuses.
base::owned_fd another_end(int shared) noexcept;

// From now on this process ends with the program; at once if that has ended. `end` is its own, to be kept open, and
// shared with others in turn. False when the system refuses.
bool hang_on(int end) noexcept;

}  // namespace troupe::process
