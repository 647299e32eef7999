// What the programs of Savina share: what they are told, and how a run of theirs is printed.
//
// Savina is the benchmark suite of the actor field (Imam and Sarkar, "Savina - An Actor Benchmark Suite", AGERE 2014).
// Here each of its actors is a process. Who sends what to whom, and how often, is as published; the code is not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench::savina {

// What every Savina program is told on its command line: --scale S divides the published amount of work.
struct wishes {
    unsigned scale = 1;
};

// Reads it. Gives an exit code where there is nothing to run: help was asked for, or what was said makes no sense.
std::optional<int> listen(const char* question, std::vector<std::string> arguments, wishes& told);

// Prints the figure of one run, its time in ms, and, unless `messages` is 0, how many messages a second that is. False
// for `right` counts as one error. The name gets " (1/S)" behind it when the work was scaled. Gives what the program's
// success is: nothing was wrong.
bool report(const char* benchmark, const wishes& told, std::int64_t nanoseconds, std::uint64_t messages, bool right);

}  // namespace bench::savina
