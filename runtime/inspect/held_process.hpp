// A process that is held for a moment, so that its registers and its stack belong together.
//
// It is held by ptrace, whose kernel side lets go of it when the thread that holds it ends, however that ends; so each
// process is held by a thread of its own. A process that is stopped stays stopped. One that a debugger has stopped is
// not held, because it stands still already: what the kernel tells of it, the instruction and the stack, is enough to
// read its calls as long as none of them keeps a frame pointer.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace troupe::inspect {

// Where the main thread of a process stood.
struct standing {
    std::vector<std::uint64_t> registers;  // by the numbers of DWARF; empty: only the next two are known
    std::uint64_t instruction = 0;
    std::uint64_t stack_pointer = 0;
    std::uint64_t stack_begin = 0;  // of the copy
    std::vector<std::byte> stack;
    double held_ms = 0;
    char state = '?';  // before it was held, as /proc has it
};

// Calls `meanwhile` while the process stands still; more than once if a debugger moves it. Throws failure if the
// process may not be traced, if a debugger traces it and lets it run, or if it ends; the sentences call it `name`.
standing hold(pid_t pid, const std::string& name, const std::function<void()>& meanwhile);

}  // namespace troupe::inspect
