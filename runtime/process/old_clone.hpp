// What clone3 does, by the older clone: for where clone3 is not there, as with container profiles that do not know it,
// and by valgrind.
//
// One thing the older call cannot do: give a pidfd and write the pid for the parent at once. So the caller writes it
// when the call has returned, unless the memory is shared with the child, which then writes it before it runs. A caller
// that is killed in between leaves a process that nobody collects before the program ends. That process finds that
// nobody waits for it, and ends. Where no pidfd is asked for (a command), the kernel writes the pid as clone3 does.
#pragma once

#include <linux/sched.h>

namespace troupe::process {

// Both give the pid, 0 in the child, or -errno.
long old_clone(const clone_args& args) noexcept;
// The child goes straight to `entry`, on its own stack.
long old_clone_onto_stack(const clone_args& args, void (*entry)(void*), void* argument) noexcept;

}  // namespace troupe::process
