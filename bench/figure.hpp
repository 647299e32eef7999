// A figure: one measured number, printed as one line of JSON, and the samples it is made of.
#pragma once

#include <time.h>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

inline std::int64_t now_ns() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Durations of single acts, in ns.
class samples {
public:
    samples();
    void add(std::int64_t duration) {
        ++seen_;
        if (kept_.size() < kept_.capacity()) kept_.push_back(duration);
    }
    std::size_t count() const noexcept { return seen_; }
    // The duration that this share of them, 0 to 1, does not exceed; 0 of none.
    double quantile(double share) const;

private:
    std::vector<std::int64_t> kept_;  // the first million: its memory is touched before, not while, it is measured
    std::size_t seen_ = 0;
};

struct figure {
    const char* program = "";
    std::string name = {};
    const char* unit = "";
    double value = 0;
    double p99 = 0;   // of the same unit; 0: none
    double jain = 0;  // how evenly senders were served, 1 at best; 0: none
    std::size_t count = 0;
    std::size_t errors = 0;  // messages lost, doubled, out of order or damaged
};

// Writes the line, at once. Gives false when there were errors, or nothing was measured.
bool print(const figure& measured);

// Median and p99 of the samples, in units of `ns` nanoseconds.
figure timed(const char* program, std::string name, const char* unit, double ns, const samples& all,
             std::size_t errors);

}  // namespace bench
