// A rally: round trips for a given time, each of them timed and checked, and what CPU time they cost both sides.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "cpu_time.hpp"
#include "figure.hpp"

namespace bench {

class rally {
public:
    explicit rally(double seconds)
        : last_(now_ns()), start_(last_), until_(last_ + static_cast<std::int64_t>(seconds * 1e9)) {}
    // The process on the other side, by its pid: so the CPU time of both is measured from now on.
    void faces(pid_t other) { spending_.emplace(other); }

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
        if (!goes_on() && spending_) spent_ = spending_->used_ns();  // now: afterwards the other side ends
    }
    // `cpus`: see cpus_of.
    figure result(const char* program, std::string name, std::string cpus = {}) const {
        figure measured = timed(program, std::move(name), "us", 1e3, all_, errors_);
        if (spent_) measured.cpu_us = static_cast<double>(*spent_) / 1e3 / static_cast<double>(number_);
        measured.cpus = std::move(cpus);
        return measured;
    }

private:
    samples all_;
    std::optional<cpu_time> spending_;
    std::optional<std::int64_t> spent_;
    std::int64_t last_, start_, until_;
    std::uint64_t number_ = 0;
    std::size_t errors_ = 0;
};

}  // namespace bench
