// A figure: one measured number, printed as one line of JSON, and the samples it is made of.
#pragma once

#include <time.h>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "histogram.hpp"

namespace bench {

inline std::int64_t now_ns() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

using samples = histogram;  // durations of single acts, in ns

struct bucket {
    double value;  // the middle, of the figure's unit
    std::uint64_t count;
};

struct figure {
    const char* program = "";
    std::string name = {};
    const char* unit = "";
    double value = 0;
    double p99 = 0;   // of the same unit, as the next two; 0: none
    double p999 = 0;  // p99.9
    double max = 0;
    double cpu_us = 0;  // CPU time of both sides together, user and system, for each act that is counted; 0: not known
    double jain = 0;    // how evenly senders were served, 1 at best; 0: none
    std::size_t count = 0;
    std::size_t errors = 0;            // messages lost, doubled, out of order or damaged
    std::string cpus = {};             // those the sides were pinned to, "0 and 1"; "": not known
    std::vector<bucket> buckets = {};  // of the histogram it is made of; printed where TROUPE_BENCH_BUCKETS is set
};

// Writes the line, at once. Gives false when there were errors, or nothing was measured.
bool print(const figure& measured);

// Median, p99, p99.9, greatest and buckets of the samples, in units of `ns` nanoseconds.
figure timed(const char* program, std::string name, const char* unit, double ns, const samples& all, std::size_t errors,
             std::string cpus = {});

}  // namespace bench
