// Stands outside of the program, as a container runtime, a shell or a debugger does: freezes all of it, and holds
// actors as a tracer.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "base/owned_fd.hpp"

namespace chaos {

class warden {
public:
    // Becomes two processes. Returns in the one that is to be the program; the other, its parent, does what it is asked
    // until the program has ended, and exits as that did. `tool`: what the program is looked into with; empty: nothing.
    static warden stand_outside(const std::string& tool, std::uint64_t seed);

    // Stops every process of the program, this one too, and continues them after a while.
    void freeze(std::chrono::milliseconds length) const noexcept;
    // Holds a process as a debugger does at its prompt. It may be killed meanwhile.
    void trace(pid_t process, std::chrono::milliseconds length) const noexcept;

    warden() = default;  // of an actor, which asks for nothing

private:
    explicit warden(troupe::base::owned_fd asks) : asks_(std::move(asks)) {}

    troupe::base::owned_fd asks_;
};

}  // namespace chaos
