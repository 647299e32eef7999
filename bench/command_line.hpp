// What every benchmark can be told.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace bench {

struct wishes {
    double seconds = 0.3;  // for which each figure is measured
    bool free = false;     // the scheduler may place both sides where it likes
    // Figures whose name contains it are measured. Nothing: the program measures all of its figures, always.
    std::optional<std::string> filter = std::nullopt;

    bool want(const std::string& name) const { return !filter || name.find(*filter) != std::string::npos; }
};

// Reads them. Gives an exit code where there is nothing to measure: help was asked for, or what was said makes no
// sense.
std::optional<int> listen(const char* question, std::vector<std::string> arguments, wishes& told);

}  // namespace bench
