// Looks into the program from outside all the time, with the tool, while there is trouble; some of its looks are
// killed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace chaos {

// Makes a process that does so from when the witness says `watch_begun` until it says `watch_over`, and tells the
// witness what came of it. It prints what was wrong. It ends with its parent, if not before.
pid_t start_watcher(pid_t program, const std::string& tool, std::uint64_t seed);

}  // namespace chaos
