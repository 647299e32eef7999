// The logger's process, and what the program does for its log at its end. See logging/logger.hpp.
#pragma once

#include <troupe/log.hpp>

#include "base/owned_fd.hpp"
#include "shm/program_memory.hpp"

namespace troupe::launch {

// The rest of the life of a process that was executed to be the logger. `bell` is rung when lines wait.
[[noreturn]] void be_logger(shm::program_memory memory, base::owned_fd bell, base::owned_fd lifeline,
                            log_function function);

// Writes to stderr the lines that the logger could not, when it has ended, and everybody else has. Where there never
// was a logger, whoever reads stderr is waited for, for a second at most; where there was one, it has done so.
class rest_of_log {
public:
    explicit rest_of_log(shm::program_memory& memory) noexcept : memory_(memory) {}
    ~rest_of_log();
    rest_of_log(const rest_of_log&) = delete;
    rest_of_log& operator=(const rest_of_log&) = delete;

private:
    shm::program_memory& memory_;
};

}  // namespace troupe::launch
