// How much CPU time have this process and the one it talks to used since it began to look?
//
// The kernel keeps a clock for every process, user and system time together, that others may read: so nothing has to be
// sent, and the start and the end of the other process do not count.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <optional>

namespace bench {

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
