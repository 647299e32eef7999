// What was said on the command line for every command, and what the program will end with.
#pragma once

#include <optional>
#include <string>

namespace troupe::tool {

enum exit_code { exit_done = 0, exit_failed = 1, exit_usage = 2, exit_found = 3 };

struct invocation {
    std::optional<int> pid;  // of any process of the program to look into
    bool json = false;
    std::string color = "auto";  // always, never
    int exit_code = exit_done;
};

}  // namespace troupe::tool
