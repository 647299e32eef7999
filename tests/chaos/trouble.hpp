// Kills, stops and continues processes of the program, whichever and whenever the seed says.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>

#include <troupe/task.hpp>

#include "base/owned_fd.hpp"
#include "shm/process_slot.hpp"

namespace chaos {

class trouble {
public:
    explicit trouble(std::uint64_t seed) : random_(seed) {}

    // One thing, to one actor or to the forkserver; ends a few milliseconds later.
    troupe::task<> make();

    std::size_t kills = 0;
    std::size_t crashes = 0;    // of a signal that is explained
    std::size_t stops = 0;      // and continued
    std::size_t servers = 0;    // forkservers killed
    std::size_t of_takers = 0;  // killed or crashed: consumers and sinks, each with at most one message in hand
    std::size_t most_actors = 0;

private:
    struct target {
        troupe::base::owned_fd process;
        bool takes = false;
    };
    target pick();
    std::size_t up_to(std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(random_); }

    std::mt19937_64 random_;
};

}  // namespace chaos
