// Kills, stops, signals and traces processes of the program, and freezes all of it, whichever and whenever the seed
// says.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <troupe/task.hpp>

#include "base/owned_fd.hpp"
#include "chaos/warden.hpp"
#include "shm/process_slot.hpp"

namespace chaos {

class trouble {
public:
    trouble(std::uint64_t seed, const warden& outside) : random_(seed), outside_(outside) {}

    // One thing, to one actor, to some, to the forkserver or to the whole program; ends a few milliseconds later, and
    // not before half of the actors are there again: on a slow machine they would die sooner than they start. Throws
    // timed_out when they do not come back.
    troupe::task<> make();
    // The whole program is stopped for longer than any handler may take.
    void freeze_past_deadlines() noexcept;

    // Ends when the program has one that has begun.
    static troupe::task<> until_there_is_a_logger();

    std::size_t kills = 0;
    std::size_t crashes = 0;    // of a signal that is explained
    std::size_t stops = 0;      // and continued
    std::size_t servers = 0;    // forkservers killed
    std::size_t loggers = 0;    // and loggers
    std::size_t freezes = 0;    // of the whole program
    std::size_t traces = 0;     // held by a tracer, some of them to be killed so
    std::size_t terms = 0;      // SIGTERM to a group of actors
    std::size_t of_takers = 0;  // killed or crashed: consumers, sinks and radios, each with at most one message in hand
    std::size_t most_actors = 0;

private:
    struct target {
        troupe::base::owned_fd process;
        pid_t pid = 0;
        bool takes = false;
    };
    static std::vector<const troupe::shm::process_slot*> all_there();
    target pick();
    static troupe::task<> recovered();
    void note_hung() const noexcept;
    void kill_one(const target& one, int signal);
    std::size_t up_to(std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(random_); }

    std::mt19937_64 random_;
    const warden& outside_;
};

}  // namespace chaos
