// A new process that is about to become an actor, whichever method has made it.
#pragma once

#include <csignal>
#include <cstdint>
#include <optional>

#include <troupe/detail/actor_id.hpp>
#include <troupe/log.hpp>

#include "actor/own_process.hpp"
#include "base/owned_fd.hpp"
#include "launch/calling.hpp"
#include "shm/program_memory.hpp"

namespace troupe::launch {

struct newborn {
    shm::program_memory memory;
    std::uint16_t slot = 0;
    detail::actor_id actor = {};
    base::owned_fd doorbell = {};
    std::uint16_t parent = 0;
    base::owned_fd parent_doorbell = {};
    base::owned_fd directory = {};  // its parent's, where it is not in it yet
    struct actors::sockets sockets = {};
    base::owned_fd lifeline = {};          // an end for it alone, if there is one
    std::optional<sigset_t> signals = {};  // held until its own handlers stand; then this mask
};

// The rest of this process's life.
[[noreturn]] void be_actor(newborn born);
// This process ends with the program, also when it has changed its user; what it was copied with is another's. `own` is
// an end of the lifeline for it alone; without one, one is opened.
void hang_on_to_program(actors::sockets& sockets, base::owned_fd own) noexcept;
// This process was executed to be an actor, the forkserver, or the logger, which gives lines to `log`. Whatever is in
// the way, what main does after `run` is not its to do.
[[noreturn]] void begin_as_child(const calling& called, log_function log);
// Clones an actor for every request, for ever. Returns in none but the clones, with what they are to be.
newborn serve_forks(shm::program_memory memory, actors::sockets sockets, base::owned_fd requests);

}  // namespace troupe::launch
