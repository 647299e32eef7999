#include "process/limits.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <string>

#include <troupe/error.hpp>

namespace troupe::process {
namespace {

constexpr int most_favoured = -20, least_favoured = 19;
constexpr std::size_t room_to_begin = std::size_t{256} << 10;

base::post_mortem* noted_in = nullptr;
pid_t noted_by = 0;
std::uint32_t noted_as = 0;

std::string because(int error) { return std::string(": ") + std::strerror(error); }

[[noreturn]] void refuse(const std::string& limit, const std::string& why) {
    throw spawn_failed("its limit of " + limit + why);
}

// Both limits: an actor does not raise its own.
void set(int resource, rlim_t soft, rlim_t hard, const std::string& limit) {
    const rlimit value{soft, hard};
    if (setrlimit(static_cast<__rlimit_resource_t>(resource), &value) == 0) return;
    const int error = errno;
    refuse(limit, because(error) + (error == EPERM ? "; its parent has a lower one (ulimit -H)" : ""));
}

void set(int resource, const std::optional<std::uint64_t>& value, const std::string& limit) {
    if (value) set(resource, *value, *value, limit + " (" + std::to_string(*value) + ')');
}

// `operator new` has found no memory: the page has it, so that an abort can be told from others. A copy that an actor
// made of itself has no page.
void no_memory_left() {
    if (getpid() == noted_by) noted_in->memory_refused.set(noted_as);
    throw std::bad_alloc();
}

void set_memory(std::uint64_t bytes) {
    const std::string limit = "memory (" + std::to_string(bytes) + " bytes)";
    set(RLIMIT_DATA, bytes, bytes, limit);
    void* probe = mmap(nullptr, room_to_begin, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (probe == MAP_FAILED) refuse(limit, ": a new process of this program takes more already");
    munmap(probe, room_to_begin);
}

// Zero for none.
rlim_t soft_limit(int resource) {
    rlimit limit{};
    getrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
    return limit.rlim_cur == RLIM_INFINITY ? 0 : limit.rlim_cur;
}

// Those it has, from whomever: its parent's, by the methods spawn and fork, and those of the shell hold as well.
void note(base::post_mortem& page, std::uint32_t incarnation) {
    const bool memory = soft_limit(RLIMIT_DATA) != 0 || soft_limit(RLIMIT_AS) != 0;
    const rlim_t cpu_seconds = std::min<rlim_t>(soft_limit(RLIMIT_CPU), std::numeric_limits<std::uint32_t>::max());
    const std::uint32_t has = (memory ? base::limited_memory : 0u) | (cpu_seconds != 0 ? base::limited_cpu_time : 0u);
    page.limits.set(has);
    page.cpu_seconds.set(static_cast<std::uint32_t>(cpu_seconds));
    noted_in = &page;
    noted_by = getpid();
    noted_as = incarnation;
    if (memory && std::get_new_handler() == nullptr) std::set_new_handler(&no_memory_left);
}

std::string listed(const std::vector<int>& cpus) {
    std::string text;
    for (const int cpu : cpus) text += (text.empty() ? "" : ", ") + std::to_string(cpu);
    return text;
}

void set_affinity(const std::vector<int>& cpus) {
    const std::string limit = "CPUs (" + listed(cpus) + ')';
    cpu_set_t wanted, given;
    CPU_ZERO(&wanted);
    for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &wanted);
    if (sched_setaffinity(0, sizeof wanted, &wanted) != 0) {
        const int error = errno;
        refuse(limit, error == EINVAL ? ": none of them is there, or may be used here" : because(error));
    }
    if (sched_getaffinity(0, sizeof given, &given) != 0 || !CPU_EQUAL(&wanted, &given)) {
        refuse(limit, ": not all of them are there, or may be used here");
    }
}

void set_nice(int value) {
    const std::string limit = "nice (" + std::to_string(value) + ')';
    if (setpriority(PRIO_PROCESS, 0, value) == 0) return;
    const int error = errno;
    const bool no_right = error == EACCES || error == EPERM;
    refuse(limit, because(error) + (no_right ? "; a lower one than its parent's needs CAP_SYS_NICE (ulimit -e)" : ""));
}

}  // namespace

void check(const limits& wanted) {
    if (wanted.memory == 0u) refuse("memory", ": nothing runs in 0 bytes");
    if (wanted.cpu_time && wanted.cpu_time->count() < 1) {
        refuse("CPU time", " is " + std::to_string(wanted.cpu_time->count()) + " s: it is at least 1 s");
    }
    if (wanted.cpu_time && wanted.cpu_time->count() >= std::numeric_limits<std::int32_t>::max()) {
        refuse("CPU time", " is " + std::to_string(wanted.cpu_time->count()) + " s: leave it out for none");
    }
    if (wanted.nice && (*wanted.nice < most_favoured || *wanted.nice > least_favoured)) {
        refuse("nice", " is " + std::to_string(*wanted.nice) + ": it is from -20 to 19");
    }
    if (!wanted.affinity) return;
    if (wanted.affinity->empty()) refuse("CPUs", " is empty: it needs one to run on");
    for (const int cpu : *wanted.affinity) {
        if (cpu < 0 || cpu >= CPU_SETSIZE) {
            refuse("CPUs",
                   " has " + std::to_string(cpu) + ": they are numbered from 0 to " + std::to_string(CPU_SETSIZE - 1));
        }
    }
}

void apply(const limits& wanted, base::post_mortem* page, std::uint32_t incarnation) {
    if (wanted.affinity) set_affinity(*wanted.affinity);
    if (wanted.nice) set_nice(*wanted.nice);
    set(RLIMIT_NOFILE, wanted.open_files, "open files");
    set(RLIMIT_FSIZE, wanted.file_size, "file size");
    set(RLIMIT_CORE, wanted.core_size, "core size");
    if (wanted.cpu_time) {
        const auto seconds = static_cast<rlim_t>(wanted.cpu_time->count());
        set(RLIMIT_CPU, seconds, seconds + 1, "CPU time (" + std::to_string(seconds) + " s)");
    }
    if (wanted.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        refuse("no new privileges", because(errno));
    }
    if (wanted.memory) set_memory(*wanted.memory);
    if (page != nullptr) note(*page, incarnation);
}

}  // namespace troupe::process
