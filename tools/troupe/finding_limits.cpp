#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "process/memory_limits.hpp"
#include "shm/program_layout.hpp"
#include "troupe/finding.hpp"
#include "troupe/text.hpp"

namespace troupe::tool {
namespace {

// The program holds two descriptors for each actor, and has some of its own.
constexpr std::uint64_t own_descriptors = 64;
constexpr std::uint64_t wanted_descriptors = 2 * shm::most_processes + own_descriptors;
constexpr std::uint64_t least_descriptors = 256;
constexpr std::uint64_t wanted_processes = shm::most_processes;
constexpr std::uint64_t least_processes = 64;  // that are still free
constexpr std::size_t least_memory = std::size_t{4} << 20;
constexpr unsigned halvings_of_default = 2;

struct limit {
    std::uint64_t soft = 0, hard = 0;  // unlimited: process::unlimited
};

limit limit_of(__rlimit_resource_t resource) {
    rlimit found{};
    getrlimit(resource, &found);
    const auto plain = [](rlim_t value) { return value == RLIM_INFINITY ? process::unlimited : std::uint64_t{value}; };
    return {plain(found.rlim_cur), plain(found.rlim_max)};
}

std::string in_words(std::uint64_t value) { return value == process::unlimited ? "unlimited" : grouped(value); }
std::string in_bytes(std::uint64_t value) { return value == process::unlimited ? "unlimited" : amount(value); }

// How to raise a limit of this shell. The hard one is raised by root alone.
std::string raised(const std::string& option, const std::string& line, std::uint64_t wanted, std::uint64_t hard) {
    const std::string value = wanted == process::unlimited ? "unlimited" : std::to_string(wanted);
    const std::string here = "ulimit " + option + ' ' + value;
    if (hard >= wanted) return here;
    return here + " as root; or raise `" + line + "` of this user in /etc/security/limits.conf, and log in again";
}

// The program raises the soft limit by itself, up to the hard one.
finding of_open_files() {
    const limit now = limit_of(RLIMIT_NOFILE);
    finding it{"open files", in_words(now.hard), grouped(wanted_descriptors), grade::ok, ""};
    if (now.hard >= wanted_descriptors) return it;
    it.state = now.hard < least_descriptors ? grade::low : grade::note;
    const std::uint64_t actors = now.hard > own_descriptors ? (now.hard - own_descriptors) / 2 : 0;
    it.advice = "there is room for some " + grouped(actors) +
                " actors: " + raised("-n", "nofile", wanted_descriptors, now.hard);
    return it;
}

// Of this user: each thread counts.
std::uint64_t tasks_of(uid_t user) {
    std::uint64_t tasks = 0;
    const std::unique_ptr<DIR, int (*)(DIR*)> processes(opendir("/proc"), &closedir);
    while (const dirent* one = processes ? readdir(processes.get()) : nullptr) {
        const std::string path = std::string("/proc/") + one->d_name + "/task";
        struct stat about{};
        if (one->d_name[0] < '0' || one->d_name[0] > '9' || stat(path.c_str(), &about) != 0) continue;
        if (about.st_uid == user && about.st_nlink > 2) tasks += about.st_nlink - 2;
    }
    return tasks;
}

finding of_processes() {
    const limit now = limit_of(RLIMIT_NPROC);
    finding it{"processes", in_words(now.soft), grouped(wanted_processes), grade::ok, ""};
    if (now.soft == process::unlimited) return it;
    if (geteuid() == 0) {
        it.value += ", which does not hold for root";
        return it;
    }
    const std::uint64_t used = tasks_of(geteuid());
    const std::uint64_t free = now.soft - std::min(used, now.soft);
    if (free >= wanted_processes) return it;
    it.value += ", of which " + grouped(used) + " are in use";
    it.needed = grouped(wanted_processes) + " that are free";
    it.state = free < least_processes ? grade::low : grade::note;
    it.advice = "a program cannot have its 4,095 actors: " + raised("-u", "nproc", used + wanted_processes, now.hard);
    return it;
}

std::size_t least_space() { return shm::lay_out(least_memory, shm::most_halvings).end; }
std::size_t wanted_space(const process::memory_limits& now) {
    const std::size_t half = std::max<std::size_t>(std::min(now.machine, now.cgroup) / 2, least_memory);
    return shm::lay_out(half, halvings_of_default).end;
}

// Shared memory is laid out over a sparse file that each process maps whole.
finding of_address_space(const process::memory_limits& now) {
    const limit set = limit_of(RLIMIT_AS);
    finding it{"address space", in_bytes(set.soft), "", grade::ok, ""};
    if (set.soft == process::unlimited) return it;
    const std::uint64_t least = least_space() / 3 * 4, wanted = 2 * wanted_space(now);
    if (now.address_space >= wanted) return it;
    it.needed = amount(wanted) + " for the default of shared memory, " + amount(least) + " at least";
    it.state = now.address_space < least ? grade::low : grade::note;
    it.advice = (it.state == grade::low ? "no program can start: " : "shared memory is smaller by default: ") +
                raised("-v", "as", process::unlimited, set.hard);
    return it;
}

finding of_file_size(const process::memory_limits& now) {
    const limit set = limit_of(RLIMIT_FSIZE);
    finding it{"file size", in_bytes(set.soft), "", grade::ok, ""};
    const std::uint64_t least = least_space(), wanted = wanted_space(now);
    if (set.soft >= wanted) return it;
    it.needed = amount(wanted) + " for the default of shared memory, " + amount(least) + " at least";
    it.state = set.soft < least ? grade::low : grade::note;
    it.advice = (it.state == grade::low ? "no program can start: " : "shared memory is smaller by default: ") +
                raised("-f", "fsize", process::unlimited, set.hard);
    return it;
}

finding of_cores() {
    const limit now = limit_of(RLIMIT_CORE);
    finding it{"core dumps", in_bytes(now.soft), "", grade::ok, ""};
    if (now.soft != 0) return it;
    it.state = grade::note;
    it.advice = "a crash leaves no core dump: " + raised("-c", "core", process::unlimited, now.hard);
    return it;
}

}  // namespace

std::vector<finding> find_limits() {
    const process::memory_limits now = process::memory_limits_now();
    return {of_open_files(), of_processes(), of_address_space(now), of_file_size(now), of_cores()};
}

}  // namespace troupe::tool
