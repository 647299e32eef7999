// The programs that run on this machine, found by their shared memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::inspect {

struct program_found {
    std::int32_t pid = 0;  // as this process sees it
    std::string memory;    // "/proc/PID/fd/N"
    std::uint64_t device = 0, inode = 0;
    std::string name;
};

struct search {
    std::vector<program_found> programs;  // by pid
    unsigned others = 0;                  // processes that may not be looked at
};

search find_programs();

// The program of that process; without one, the only program that runs. Throws failure, which says what to do.
program_found choose_program(std::optional<std::int32_t> pid);

// Whether that process can be one of the program's: not if it can be looked into, and has other memory or none.
bool may_be_of(const program_found& program, std::int32_t pid);

}  // namespace troupe::inspect
