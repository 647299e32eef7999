#include "savina.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "../figure.hpp"

namespace bench::savina {

std::optional<int> listen(const char* question, std::vector<std::string> arguments, wishes& told) {
    CLI::App options(question);
    options.add_option("--scale", told.scale, "divides the published amount of work")
        ->check(CLI::Range(1U, 1'000'000U))
        ->capture_default_str();
    bool quick = false;
    options.add_flag("--quick", quick, "a twentieth of that");
    try {
        std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
        options.parse(std::move(arguments));
    } catch (const CLI::Error& e) {
        return options.exit(e);
    }
    if (quick) told.scale *= 20;
    return std::nullopt;
}

bool report(const char* benchmark, const wishes& told, std::int64_t nanoseconds, std::uint64_t messages, bool right) {
    const std::string scaled = told.scale == 1 ? "" : " (1/" + std::to_string(told.scale) + ")";
    const auto took = static_cast<double>(nanoseconds);
    const bool printed = print({.program = "savina",
                                .name = benchmark + scaled,
                                .unit = "ms",
                                .value = took / 1e6,
                                .count = 1,
                                .errors = right ? 0U : 1U});
    if (messages > 0 && nanoseconds > 0)
        print({.program = "savina",
               .name = std::string(benchmark) + " messages" + scaled,
               .unit = "M/s",
               .value = static_cast<double>(messages) * 1e3 / took,
               .count = messages,
               .errors = 0});  // counted above
    return printed;
}

}  // namespace bench::savina
