// How a line of the log is written: see to_string(log_line).
#pragma once

#include <array>
#include <ctime>
#include <optional>
#include <string>

#include <troupe/log.hpp>

namespace troupe::logging {

class line_format {
public:
    // The line and a newline. Throws std::bad_alloc.
    void append(std::string& into, const log_line& line);

private:
    void append_time(std::string& into, std::chrono::system_clock::time_point time);

    std::optional<std::time_t> second_;  // the one that is written in `stamp_`
    std::array<char, 24> stamp_{};
};

}  // namespace troupe::logging
