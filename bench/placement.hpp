// Where the two sides of a measurement run: each on a CPU of its own, both on one, or as the scheduler likes.
#pragma once

#include <sched.h>
#include <string>
#include <vector>

namespace bench {

enum class placement : int { apart, together, free };

inline constexpr placement placements[] = {placement::apart, placement::together, placement::free};

inline const char* text(placement where) noexcept {
    switch (where) {
    case placement::apart: return "different CPUs";
    case placement::together: return "one CPU";
    case placement::free: break;
    }
    return "default";
}

// The CPUs this process was started with.
inline std::vector<int> allowed_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<int> cpus;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    return cpus;
}

inline bool possible(placement where) { return where != placement::apart || allowed_cpus().size() > 1; }

inline void pin(const std::vector<int>& cpus) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : cpus) CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

// The CPUs that the first and the second side are pinned to, as a figure tells it. Not to be asked while one is placed.
inline std::string cpus_of(placement where) {
    if (where == placement::free || !possible(where)) return "not pinned";
    const std::vector<int> cpus = allowed_cpus();
    return std::to_string(cpus[0]) + " and " + std::to_string(cpus[where == placement::apart ? 1 : 0]);
}

// Pins the calling thread for as long as it lives. A child inherits it, so both sides are placed, each its own.
class placed {
public:
    enum class side { first, second };

    placed(placement where, side which) : before_(allowed_cpus()) {
        if (where == placement::free || !possible(where)) return;
        pin({where == placement::apart && which == side::second ? before_[1] : before_[0]});
    }
    ~placed() { pin(before_); }
    placed(const placed&) = delete;
    placed& operator=(const placed&) = delete;

private:
    std::vector<int> before_;
};

}  // namespace bench
