#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>

#include "process/cgroup.hpp"
#include "process/memory_limits.hpp"
#include "shm/owner_id.hpp"
#include "troupe/finding.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

constexpr std::uint64_t wanted_tasks = shm::most_processes, least_tasks = 64;
constexpr std::uint64_t least_memory = std::uint64_t{8} << 20;  // half of which is the least that a program takes

std::optional<std::uint64_t> number_in(const std::string& path) {
    std::ifstream file(path);
    std::uint64_t number = 0;
    return file >> number ? std::optional(number) : std::nullopt;  // "max"
}

struct task_limit {
    std::string path;
    std::uint64_t most = process::unlimited, used = 0;

    std::uint64_t free() const { return most - std::min(used, most); }
};

// The group of which the fewest tasks are free.
task_limit tightest_of_tasks() {
    task_limit tightest;
    for (const process::cgroup_folder& folder : process::cgroup_folders("pids")) {
        const auto most = number_in(folder.path + "/pids.max");
        if (!most) continue;
        const task_limit here{folder.path + "/pids.max", *most, number_in(folder.path + "/pids.current").value_or(0)};
        if (here.free() < tightest.free()) tightest = here;
    }
    return tightest;
}

finding of_tasks() {
    const task_limit found = tightest_of_tasks();
    if (found.most == process::unlimited) return {"pids.max", "unlimited", "", grade::ok, ""};
    finding it{"pids.max", grouped(found.most) + ", of which " + grouped(found.used) + " are in use",
               grouped(wanted_tasks) + " that are free", grade::ok, ""};
    if (found.free() >= wanted_tasks) return it;
    const std::uint64_t wanted = found.used + wanted_tasks;
    it.state = found.free() < least_tasks ? grade::low : grade::note;
    it.advice = "a program cannot have its 4,095 actors: as root, echo " + std::to_string(wanted) + " > " + found.path +
                "; or start the container with --pids-limit " + std::to_string(wanted) +
                ", the service with TasksMax=" + std::to_string(wanted);
    return it;
}

finding of_memory() {
    const process::memory_limits now = process::memory_limits_now();
    if (now.cgroup >= now.machine) return {"memory.max", "unlimited", "", grade::ok, ""};
    finding it{"memory.max", amount(now.cgroup), amount(least_memory), grade::ok, ""};
    if (now.cgroup < least_memory) {
        it.state = grade::low;
        it.advice = "no program fits into it: start the container with --memory, the service with MemoryMax=, of " +
                    amount(least_memory) + " and what its actors need";
        return it;
    }
    it.value += "; a program takes " + amount(now.cgroup / 2) + " of it for shared memory at most, by default";
    return it;
}

// CPUs that the tightest quota gives; 0 for none.
double quota() {
    double tightest = 0;
    for (const process::cgroup_folder& folder : process::cgroup_folders("cpu")) {
        double most = 0, period = 0;
        if (folder.version == 2) {
            std::ifstream file(folder.path + "/cpu.max");
            if (!(file >> most >> period)) continue;
        } else {
            std::ifstream quota(folder.path + "/cpu.cfs_quota_us");  // -1: none
            std::ifstream length(folder.path + "/cpu.cfs_period_us");
            if (!(quota >> most) || !(length >> period)) continue;
        }
        if (most <= 0 || period <= 0) continue;
        if (tightest == 0 || most / period < tightest) tightest = most / period;
    }
    return tightest;
}

finding of_cpus() {
    const double cpus = quota();
    if (cpus == 0) return {"cpu.max", "unlimited", "", grade::ok, ""};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.2f CPUs", cpus);
    finding it{"cpu.max", text.data(), "1 CPU", grade::ok, ""};
    if (cpus >= 1) return it;
    it.state = grade::note;
    it.advice =
        "the keeper and the actors stand still for the rest of each period: start the container with --cpus 1, "
        "the service with CPUQuota=100%, or with more";
    return it;
}

}  // namespace

std::vector<finding> find_groups() { return {of_tasks(), of_memory(), of_cpus()}; }

}  // namespace troupe::tool
