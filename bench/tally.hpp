// Counts what one sender's numbered messages have suffered: they must come as 0, 1, 2, ... and none may be missing.
#pragma once

#include <cstdint>

namespace bench {

class tally {
public:
    // `whole`: the rest of the message is what the sender wrote.
    void take(std::uint64_t number, bool whole) noexcept {
        if (number > next_) errors_ += number - next_;  // lost
        if (number < next_ || !whole) ++errors_;        // doubled, out of order; damaged
        if (number >= next_) next_ = number + 1;
        ++count_;
    }
    std::uint64_t count() const noexcept { return count_; }
    std::uint64_t errors() const noexcept { return errors_; }  // without those missing after the last that came

private:
    std::uint64_t next_ = 0, count_ = 0, errors_ = 0;
};

}  // namespace bench
