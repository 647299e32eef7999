#include "process/cpus.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

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

// The tightest quota from the group up to the root.
template <class Quota>
double tightest(const std::string& root, std::string group, Quota quota) {
    double found = 0;
    for (;;) {
        const double here = quota(root + group);
        if (here > 0 && (found == 0 || here < found)) found = here;
        if (group.empty() || group == "/") return found;
        group.erase(group.find_last_of('/'));
    }
}

double by_cgroup() {
    std::ifstream groups("/proc/self/cgroup");
    double found = 0;
    for (std::string line; std::getline(groups, line);) {
        const std::size_t first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        const std::string group = line.substr(second + 1);
        double here = 0;
        if (controllers == ",,") {
            here = tightest("/sys/fs/cgroup", group, quota_v2);
        } else if (controllers.find(",cpu,") != std::string::npos) {
            here = tightest("/sys/fs/cgroup/cpu", group, quota_v1);
        }
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
