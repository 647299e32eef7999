#include "process/cpus.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

#include "process/cgroup.hpp"

namespace troupe::process {
namespace {

unsigned by_affinity() {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return std::max(1, CPU_COUNT(&set));
}

// CPUs a quota gives; 0 for no quota.
double quota_v2(const std::string& folder) {
    std::ifstream file(folder + "/cpu.max");
    std::string quota;
    double period = 0;
    if (!(file >> quota >> period) || quota == "max" || period <= 0) return 0;
    return std::stod(quota) / period;
}

double quota_v1(const std::string& folder) {
    std::ifstream quota_file(folder + "/cpu.cfs_quota_us"), period_file(folder + "/cpu.cfs_period_us");
    double quota = 0, period = 0;
    if (!(quota_file >> quota) || !(period_file >> period) || quota <= 0 || period <= 0) return 0;
    return quota / period;
}

// The tightest; 0 for none.
double by_cgroup() {
    double found = 0;
    for (const cgroup_folder& folder : cgroup_folders("cpu")) {
        const double here = folder.version == 2 ? quota_v2(folder.path) : quota_v1(folder.path);
        if (here > 0 && (found == 0 || here < found)) found = here;
    }
    return found;
}

}  // namespace

unsigned usable_cpus() {
    const unsigned allowed = by_affinity();
    const double quota = by_cgroup();
    return quota > 0 ? std::clamp(static_cast<unsigned>(std::ceil(quota)), 1u, allowed) : allowed;
}

}  // namespace troupe::process
