// Spinning before sleeping: for a short while the loop only glances at its sources. A message that comes then costs
// nobody a system call; waking a parked process costs its sender 13 to 20 µs and the message 35 to 70.
#pragma once

#include <chrono>

#include "base/clock.hpp"

namespace troupe::loop {

class source_list;

struct spin_policy {
    std::chrono::nanoseconds at_most = std::chrono::microseconds(50);

    // Asked before a spin and now and then during it. Null: always. Whoever knows on which CPU the peers run, and how
    // many processes are awake, answers false when spinning would keep a peer from running.
    bool (*may_spin)() = nullptr;

    // Asked before a spin. True: nobody waits for what this process does next, so it leaves its sources alone for a
    // moment. A sender is held up by every look at the place it is about to write to; let alone, it has written several
    // messages by the next one. Null: never.
    bool (*in_no_hurry)() = nullptr;
};

// Does nothing for some µs, unless the policy forbids to spin, or somebody waits for what this process does next.
void rest(const spin_policy& policy);

// True if a source has something; false when the time is over or the policy forbids.
bool spin(const spin_policy& policy, source_list& sources, base::time_point until);

}  // namespace troupe::loop
