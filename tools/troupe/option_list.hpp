// The commands and options of the tool, as the tree of CLI11 has them: --help, manual pages and completion are all made
// from it, so that they name the same.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace troupe::tool {

struct option_row {
    std::vector<std::string> names;    // -p, --program; none: a positional argument
    std::string value;                 // PID; empty: a flag
    std::vector<std::string> choices;  // values that may be given; none: any
    std::string description;
    std::string default_value;
    bool required = false;
};

struct command_row {
    std::string name;  // empty: the tool itself
    std::string summary;
    std::string more;
    std::vector<option_row> options;
    std::vector<option_row> arguments;
};

command_row read_command(const CLI::App& app);
std::vector<command_row> read_commands(const CLI::App& app);

}  // namespace troupe::tool
