// What a process that main has brought to `run` is called to be: the program, its forkserver, its logger, or one of its
// actors.
//
// Its birthmark says so (process/birthmark.hpp). Where main has executed the program once more, without that variable,
// the shared memory tells: it names the pids of the processes that are being started, and its descriptor is the third.
//
// A process that was started to be an actor, and cannot be it, never goes on as something else: as a program of its own
// it would start actors, which would do the same, and so on. It tells its program why, says so on stderr, and ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <troupe/detail/actor_id.hpp>

#include "shm/program_memory.hpp"

namespace troupe::launch {

struct calling {
    bool server = false;
    bool logger = false;
    std::uint16_t slot = 0;  // of an actor
    detail::actor_id actor = {};
};

std::string to_string(const calling& called);

// Nothing in the program. Throws misuse where another copy of the library has made this process what it is. What the
// process was given lies in its places afterwards.
std::optional<calling> find_calling();

// This process cannot be what it is called to be.
[[noreturn]] void give_up(const calling& called, shm::program_memory* memory, const std::string& why) noexcept;

}  // namespace troupe::launch
