// Spinning before sleeping: for a short while the loop only glances at its sources. A message that comes then costs
// nobody a system call; waking a parked process costs its sender 13 to 20 µs and the message 35 to 70.
#pragma once

#include "base/clock.hpp"

namespace troupe::loop {

class host;
class source_list;

// Does nothing for some µs, unless the host forbids to spin, or somebody waits for what this process does next.
void rest(host& of);

// True if a source has something; false when the time is over or the host forbids.
bool spin(host& of, source_list& sources, base::time_point until);

}  // namespace troupe::loop
