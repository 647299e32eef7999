// How much memory there is for this process, and how much of it may be mapped.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace troupe::process {

inline constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

struct memory_limits {
    std::uint64_t machine = unlimited;        // its physical memory
    std::uint64_t cgroup = unlimited;         // the tightest limit of the groups this process is in
    std::uint64_t address_space = unlimited;  // left of RLIMIT_AS
    std::uint64_t usual_space = unlimited;    // of that, for a program that does not ask for more
    std::uint64_t file_size = unlimited;      // RLIMIT_FSIZE, which holds for a memfd too
};

memory_limits memory_limits_now();

// The one of the control groups alone.
std::uint64_t cgroup_memory_limit(const std::string& groups = "/proc/self/cgroup",
                                  const std::string& root = "/sys/fs/cgroup");

}  // namespace troupe::process
