// Spinning before sleeping: for a short while the loop only glances at its sources. A message that comes then costs
// nobody a system call; waking a parked process costs its sender 13 to 20 µs and the message 35 to 70.
#pragma once

#include <optional>

#include "base/clock.hpp"

namespace troupe::loop {

class host;
class source_list;

// Does nothing for some µs, unless the host forbids to spin, or somebody waits for what this process does next.
void rest(host& of);

// Returns the time, as it was read last, once a source has something; nothing when the time is over or the host
// forbids.
std::optional<base::time_point> spin(host& of, source_list& sources, base::time_point until);

}  // namespace troupe::loop
