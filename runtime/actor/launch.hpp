// How the three start methods make a process, and what it then is. See child.cpp for the child's side.
#pragma once

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <troupe/detail/actor_id.hpp>
#include <troupe/spawn.hpp>

#include "actor/own_process.hpp"
#include "process/clone.hpp"
#include "process/library.hpp"

namespace troupe::actors {

// The numbers of the descriptors that are handed to what is exec'd.
enum handed : int {
    handed_memory = 3,
    handed_keeper = 4,
    handed_server = 5,
    handed_lifeline = 6,
    handed_bell = 7,
    handed_parent_bell = 8
};
inline constexpr int handed_requests = 7;  // to the forkserver: where requests come from

// What was asked of this start, and travels with the arguments.
struct circumstances {
    std::string directory;
    std::vector<std::pair<std::string, std::string>> environment;
    struct limits limits;
    process::library_place function;
    std::uint64_t function_hash = 0;  // of its name
};

// What a new process has when it is about to become an actor.
struct newborn {
    shm::program_memory memory;
    std::uint16_t slot = 0;
    detail::actor_id actor = {};
    base::owned_fd doorbell = {};
    std::uint16_t parent = 0;
    base::owned_fd parent_doorbell = {};
    base::owned_fd directory = {};  // its parent's, where it is not in it yet
    struct sockets sockets = {};
    base::owned_fd lifeline = {};          // an end for it alone, if there is one
    std::optional<sigset_t> signals = {};  // held until its own handlers stand; then this mask
};

// The rest of this process's life.
[[noreturn]] void be_actor(newborn born);
// This process ends with the program, also when it has changed its user; what it was copied with is another's. `own` is
// an end of the lifeline for it alone; without one, one is opened.
void hang_on_to_program(sockets& sockets, base::owned_fd own) noexcept;
// Clones an actor for every request, for ever. Returns in none but the clones, with what they are to be.
newborn serve_forks(shm::program_memory memory, sockets sockets, base::owned_fd requests);

// The environment of this process, as exec takes it, for a child with that calling.
class exec_environment {
public:
    explicit exec_environment(const std::string& calling, bool bind_now = false);
    char* const* get() noexcept { return pointers_.data(); }

private:
    std::vector<std::string> lines_;
    std::vector<char*> pointers_;
};
// Takes out of the environment what was put there for this process.
void clean_environment() noexcept;

// Executes this program afresh, for it to become the actor of that slot.
process::cloned exec_actor(process::parentage parentage, shm::program_memory& memory, const sockets& sockets,
                           std::uint16_t slot, int bell, int parent_bell, int directory = -1);

}  // namespace troupe::actors
