// What the receiving side of a stream has seen, in a form that travels.
#pragma once

#include <cstdint>

#include "figure.hpp"
#include "tally.hpp"

namespace bench {

struct reading {
    std::int64_t nanoseconds = 0;  // from the first message to the end of the stream
    std::uint64_t count = 0, errors = 0;

    double per_second() const noexcept {
        return nanoseconds > 0 ? static_cast<double>(count) * 1e9 / static_cast<double>(nanoseconds) : 0;
    }
    // Those that were sent and never came are errors too; what came twice is counted already.
    std::uint64_t errors_of(std::uint64_t sent) const noexcept { return errors + (sent > count ? sent - count : 0); }
};

class reception {
public:
    template <class M>
    void take(const M& message) noexcept {
        if (messages_.count() == 0) start_ = now_ns();
        messages_.take(message.number(), message.whole());
    }
    reading ended() const noexcept {
        return {messages_.count() == 0 ? 0 : now_ns() - start_, messages_.count(), messages_.errors()};
    }

private:
    tally messages_;
    std::int64_t start_ = 0;
};

}  // namespace bench
