// What an actor does with its last breath: it writes down where and how it crashed, and dies of the same signal.
//
// The handler runs on a stack of its own, so that an overrun of the other one can be told, and makes only calls that
// are async-signal-safe. It first writes what the kernel told it, then walks the stack, then finds the modules the
// addresses lie in. When it crashes itself on that way, what it has is kept, and the process dies of the first signal.
// A debugger, or a core, sees the crash where it was: the signal is sent again with all the kernel said of it, and is
// delivered when the handler has returned to the faulting instruction.
//
// A program that handles one of these signals itself keeps its handler. In a build with AddressSanitizer, its handlers
// make way: an actor ends in the same way in every build.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>

#include "base/post_mortem.hpp"

namespace troupe::process {

// Catches the signals of a crash, unless they are caught by somebody else. Nothing is written yet. All that the handler
// needs of the C++ runtime is loaded, so that nothing is bound or loaded at the crash. A copy of a process that has
// done so has the handlers as well.
void catch_crashes() noexcept;

// From now on a crash of this process, that incarnation of an actor, is written to that page, which stays mapped for
// good. So does `handling_since`: when the handler began that runs now.
void write_crashes_to(base::post_mortem& of_this_process, std::uint32_t incarnation,
                      const std::atomic<std::uint64_t>& handling_since) noexcept;

// What a process that is to be killed for a handler is sent a moment before, with `in_hand` of that handler: it writes
// down where it is, and waits for the end. When another handler is in hand by then, nothing happens.
inline constexpr int stack_dump_signal = SIGSTKFLT;

}  // namespace troupe::process
