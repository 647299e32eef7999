// The signals that this process asked for (troupe::signals). While anybody wants one, a handler counts it and rings the
// process's own doorbell. A handler, not a signalfd: whatever a user starts by exec would inherit the blocked mask.
//
// The handler goes where main left the default, or the signal ignored (nohup), and the last who wanted the signal puts
// back what was there.
#pragma once

#include <cstdint>

namespace troupe::process {

// Throws misuse, in a sentence, if nobody can wait for it, or if the program has a handler of its own for it.
void want_signal(int signal);
void want_signal_no_more(int signal) noexcept;

// How often it has come, as far as the kernel tells: it merges those that come close together.
std::uint32_t times_signalled(int signal) noexcept;

// In the child of a fork, before its own handlers stand: nobody wants any. Async-signal-safe.
void forget_wanted_signals() noexcept;

}  // namespace troupe::process
