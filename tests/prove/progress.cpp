#include "prove/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace proving {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t width = 30;

bool on_a_terminal() {
    static const bool is = isatty(STDOUT_FILENO) == 1;
    return is;
}

}  // namespace

void progress::show(const figures& now) {
    const std::lock_guard locked(mutex_);
    const auto time = std::chrono::steady_clock::now();
    if (begun_ && time - shown_ < (on_a_terminal() ? 200ms : 30'000ms)) return;
    shown_ = time;
    draw(now);
}

void progress::draw(const figures& now) {
    const std::size_t done = now.passed + now.not_reached + now.failed;
    if (!begun_) at_start_ = done;
    begun_ = true;
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    const double part = now.points == 0 || now.scenes == 0
                            ? 0
                            : static_cast<double>(done) / static_cast<double>(now.points) *
                                  static_cast<double>(now.recorded) / static_cast<double>(now.scenes);
    const auto filled = static_cast<std::size_t>(part * width);
    const std::string bar = std::string(filled, '#') + std::string(width - filled, '.');
    char text[200];
    const int length = std::snprintf(
        text, sizeof text, "[%s] %zu of %zu kill points, %zu of %zu scenes, %zu not reached, %zu failed, %.0f a second",
        bar.c_str(), done, now.points, now.recorded, now.scenes, now.not_reached, now.failed,
        seconds > 0 ? static_cast<double>(done - at_start_) / seconds : 0);
    if (!on_a_terminal()) {
        std::printf("%s\n", text);
    } else {
        const auto drawn = static_cast<std::size_t>(std::max(length, 0));
        std::printf("\r%s%s", text, std::string(drawn_ > drawn ? drawn_ - drawn : 0, ' ').c_str());
        drawn_ = drawn;
    }
    std::fflush(stdout);
}

void progress::say(const std::string& line) {
    const std::lock_guard locked(mutex_);
    if (drawn_ > 0) std::printf("\r%s\r", std::string(drawn_, ' ').c_str());
    drawn_ = 0;
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

void progress::close() {
    const std::lock_guard locked(mutex_);
    if (drawn_ > 0) std::printf("\n");
    drawn_ = 0;
}

}  // namespace proving
