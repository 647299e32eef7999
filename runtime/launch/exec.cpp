#include "launch/exec.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "launch/calling.hpp"
#include "launch/reason.hpp"
#include "process/birthmark.hpp"

namespace troupe::launch {

// All symbols are bound when a process starts: the forkserver does that once, in place of each of its clones.
constexpr const char *binding = "LD_BIND_NOW", *our_binding = "troupe";

exec_environment::exec_environment(const std::string& calling, bool bind_now) {
    const std::string stale = std::string(process::birthmark_variable) + '=';
    for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
        if (!std::string_view(*one).starts_with(stale)) lines_.emplace_back(*one);
    }
    lines_.push_back(process::birthmark(calling));
    if (bind_now && std::getenv(binding) == nullptr) lines_.push_back(std::string(binding) + '=' + our_binding);
    for (std::string& line : lines_) pointers_.push_back(line.data());
    pointers_.push_back(nullptr);
}

void clean_environment() noexcept {
    unsetenv(process::birthmark_variable);
    if (const char* how = std::getenv(binding); how != nullptr && how == std::string_view(our_binding)) {
        unsetenv(binding);
    }
}

process::cloned exec_actor(process::parentage parentage, shm::program_memory& memory, const actors::sockets& sockets,
                           std::uint16_t slot_number, int bell, int parent_bell, int directory) {
    shm::process_slot& slot = memory.process(slot_number);
    exec_environment environment(to_string(calling{.slot = slot_number, .actor = slot.actor()}));
    const std::array<int, 6> descriptors{
        memory.memory().fd(), sockets.keeper.get(), sockets.server.get(), sockets.lifeline.get(), bell, parent_bell};
    process::exec_request request;
    request.parentage = parentage;
    request.pid_word = &slot.pid.for_clone();
    request.descriptors = descriptors;
    request.environment = environment.get();
    request.directory = directory;
    process::cloned made = process::clone_and_exec(request);
    if (made && made.error != 0) {
        std::snprintf(slot.start.failure, sizeof slot.start.failure, "the program could not be executed again%s",
                      reason(made.error).c_str());
    }
    return made;
}

}  // namespace troupe::launch
