// The one clock of the runtime: steady, shared by every process of the machine.
#pragma once

#include <chrono>

namespace troupe::base {

using steady_clock = std::chrono::steady_clock;
using time_point = steady_clock::time_point;
using duration = std::chrono::nanoseconds;

}  // namespace troupe::base
