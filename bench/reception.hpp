// What the receiving side of a stream has seen, in a form that travels.
#pragma once

#include <cstdint>

#include "cpu_time.hpp"
#include "figure.hpp"
#include "tally.hpp"

namespace bench {

struct reading {
    std::int64_t nanoseconds = 0;  // from the last message that warmed up to the end of the stream
    std::uint64_t timed = 0;       // messages that came in that time
    std::uint64_t count = 0, errors = 0;
    std::int64_t cpu_ns = 0;  // that the receiving process used in that time

    double per_second() const noexcept {
        return nanoseconds > 0 ? static_cast<double>(timed) * 1e9 / static_cast<double>(nanoseconds) : 0;
    }
    // Those that were sent and never came are errors too; what came twice is counted already.
    std::uint64_t errors_of(std::uint64_t sent) const noexcept { return errors + (sent > count ? sent - count : 0); }
};

class reception {
public:
    // The first `warming_up` messages, one at least, are checked and not timed.
    explicit reception(std::uint64_t warming_up = 1) noexcept : warming_up_(warming_up) {}

    template <class M>
    void take(const M& message) noexcept {
        messages_.take(message.number(), message.whole());
        if (messages_.count() == warming_up_) begin();
    }
    reading ended() const noexcept {
        const std::uint64_t count = messages_.count();
        if (count <= warming_up_) return {0, 0, count, messages_.errors()};
        return {now_ns() - start_, count - warming_up_, count, messages_.errors(), own_cpu_ns() - cpu_};
    }

private:
    void begin() noexcept {
        cpu_ = own_cpu_ns();
        start_ = now_ns();
    }

    std::uint64_t warming_up_;
    tally messages_;
    std::int64_t start_ = 0, cpu_ = 0;
};

}  // namespace bench
