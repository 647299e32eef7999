// What runs at the end of an actor's process.
#pragma once

#include <cstdint>

namespace troupe::process {

enum class leaks : std::uint8_t { looked_for, not_looked_for };  // by the sanitizer, where there is one

// From now on this process ends, by a return from main or by exit, with the exit handlers and the destructors of static
// objects that were registered from now on. Those that it was copied with are the other's, and do not run: what they
// give back, a file or a lock, was taken once.
void leave_inherited_exit_handlers(leaks leaks) noexcept;

// In a process that is no copy: it ends with all of them, and waits for no thread that reads a FILE.
void wait_for_no_reader() noexcept;

}  // namespace troupe::process
