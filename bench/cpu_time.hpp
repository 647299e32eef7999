// How much CPU time has a process used, or a process and its children, or, since it began to look, this process and the
// one it talks to?
//
// The kernel keeps a clock for every process, user and system time together, that others may read: so nothing has to be
// sent, and the start and the end of the other process do not count.
#pragma once

#include <dirent.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

namespace bench {

// Of all threads of this process.
inline std::int64_t own_cpu_ns() noexcept {
    timespec mine{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mine);
    return std::int64_t{mine.tv_sec} * 1'000'000'000 + mine.tv_nsec;
}

// 0 once it has ended.
inline std::int64_t cpu_ns_of(pid_t other) noexcept {
    clockid_t clock{};
    timespec theirs{};
    if (other <= 0 || clock_getcpuclockid(other, &clock) != 0 || clock_gettime(clock, &theirs) != 0) return 0;
    return std::int64_t{theirs.tv_sec} * 1'000'000'000 + theirs.tv_nsec;
}

// Of this process, of its children that live, and of all that have ended and were waited for.
inline std::int64_t family_cpu_ns() {
    rusage ended{};
    getrusage(RUSAGE_CHILDREN, &ended);
    std::int64_t sum = own_cpu_ns() + std::int64_t{ended.ru_utime.tv_sec + ended.ru_stime.tv_sec} * 1'000'000'000 +
                       std::int64_t{ended.ru_utime.tv_usec + ended.ru_stime.tv_usec} * 1'000;
    const std::unique_ptr<DIR, int (*)(DIR*)> threads(opendir("/proc/self/task"), &closedir);
    while (const dirent* thread = threads ? readdir(threads.get()) : nullptr) {
        std::ifstream children(std::string("/proc/self/task/") + thread->d_name + "/children");
        for (pid_t child = 0; children >> child;) sum += cpu_ns_of(child);
    }
    return sum;
}

class cpu_time {
public:
    // `other`: the pid of the other side. Nothing is known of it once it has ended.
    explicit cpu_time(pid_t other) : other_(other), start_(both().value_or(0)) {}

    std::optional<std::int64_t> used_ns() const {
        const auto now = both();
        if (!now) return std::nullopt;
        return *now - start_;
    }

private:
    std::optional<std::int64_t> both() const {
        clockid_t clock{};
        timespec mine{}, theirs{};
        if (other_ <= 0 || clock_getcpuclockid(other_, &clock) != 0) return std::nullopt;
        if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mine) != 0 || clock_gettime(clock, &theirs) != 0)
            return std::nullopt;
        return std::int64_t{mine.tv_sec + theirs.tv_sec} * 1'000'000'000 + mine.tv_nsec + theirs.tv_nsec;
    }

    pid_t other_;
    std::int64_t start_;
};

}  // namespace bench
