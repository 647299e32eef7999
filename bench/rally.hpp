// A rally: round trips for a given time, each of them timed and checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "figure.hpp"

namespace bench {

class rally {
public:
    explicit rally(double seconds)
        : last_(now_ns()), start_(last_), until_(last_ + static_cast<std::int64_t>(seconds * 1e9)) {}

    // The first tenth of the time warms up and is not kept.
    bool goes_on() const noexcept { return last_ < until_; }
    std::uint64_t number() const noexcept { return number_; }
    // The round trip begins now, and not when the last one came back: for those who idle in between.
    void serves() noexcept { last_ = now_ns(); }
    void returned(bool right) {
        const std::int64_t now = now_ns();
        if (now - start_ > (until_ - start_) / 10) all_.add(now - last_);
        if (!right) ++errors_;
        ++number_;
        last_ = now_ns();
    }
    figure result(const char* program, std::string name) const {
        return timed(program, std::move(name), "us", 1e3, all_, errors_);
    }

private:
    samples all_;
    std::int64_t last_, start_, until_;
    std::uint64_t number_ = 0;
    std::size_t errors_ = 0;
};

}  // namespace bench
