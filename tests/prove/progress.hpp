// How far a run is: a bar that is drawn over on a terminal, a line now and then elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

#include "prove/ledger.hpp"

namespace proving {

class progress {
public:
    void show(const figures& now);
    // A line of its own, above the bar.
    void say(const std::string& line);
    void close();

private:
    void draw(const figures& now);

    std::mutex mutex_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point shown_ = start_;
    std::size_t drawn_ = 0;  // characters
    std::size_t at_start_ = 0;
    bool begun_ = false;
};

}  // namespace proving
