// About the actor whose process this is. All throw misuse outside of `run`.
#pragma once

#include <string>
#include <vector>

#include <troupe/actor.hpp>

namespace troupe {

namespace this_actor {

std::string name();  // empty when it was given none; the program's is "program"
int pid();
int parent_pid();  // of the actor that spawned this one; 0 for the program, and when the parent is dead

// Somebody has called `stop` on this actor, or its parent is ending. For actors that do not live from their mailbox.
bool stop_requested();

// How often its supervisor has started it again; 0 the first time.
unsigned incarnation();

// Those it spawned that may still live.
std::vector<actor<>> children();

}  // namespace this_actor

// CPUs this process may use: what its affinity allows, and no more than the cgroup's quota rounded up. At least 1.
unsigned usable_cpus();

}  // namespace troupe
