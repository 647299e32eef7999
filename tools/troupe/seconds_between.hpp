// What an option takes that is a number of seconds. The range of CLI11 lets "nan" through.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

namespace troupe::tool {

inline CLI::Validator seconds_between(double least, double most) {
    return CLI::Validator(
        [least, most](std::string& text) {
            double seconds = 0;
            if (CLI::detail::lexical_cast(text, seconds) && seconds >= least && seconds <= most) return std::string();
            char range[64];
            std::snprintf(range, sizeof range, "%.15g and %.15g", least, most);
            return text + " is not a number of seconds between " + range;
        },
        "");
}

}  // namespace troupe::tool
