// Where the kernel says what the control groups of this process (version 1 or 2) are limited to.
#pragma once

#include <string>
#include <vector>

namespace troupe::process {

struct cgroup_folder {
    int version = 2;
    std::string path;
};

// Each group that this process is in and that `controller` ("cpu", "memory") acts on, and each above it up to the root:
// the tightest limit among them holds. Those of version 2 may not have the controller, and folders need not be there (a
// container may see the root as its own group only).
std::vector<cgroup_folder> cgroup_folders(const std::string& controller,
                                          const std::string& groups = "/proc/self/cgroup",
                                          const std::string& root = "/sys/fs/cgroup");

}  // namespace troupe::process
