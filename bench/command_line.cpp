#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace bench {

std::optional<int> listen(const char* question, std::vector<std::string> arguments, wishes& told) {
    CLI::App options(question);
    options.add_option("--seconds", told.seconds, "how long each figure is measured")->check(CLI::Range(0.01, 10.0));
    options.add_flag("--free", told.free, "do not pin the two sides to different CPUs, where they would be");
    if (told.filter) options.add_option("--filter", *told.filter, "only figures whose name contains it");
    try {
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
        options.parse(std::move(arguments));
    } catch (const CLI::Error& e) {
        return options.exit(e);
    }
    return std::nullopt;
}

}  // namespace bench
