// The program executed afresh: by start method spawn, as the forkserver, and by a forkserver that cannot be cloned.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actor/own_process.hpp"
#include "process/clone.hpp"
#include "shm/program_memory.hpp"

namespace troupe::launch {

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
process::cloned exec_actor(process::parentage parentage, shm::program_memory& memory, const actors::sockets& sockets,
                           std::uint16_t slot, int bell, int parent_bell, int directory = -1);

}  // namespace troupe::launch
