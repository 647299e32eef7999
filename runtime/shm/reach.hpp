// How many entries of a table were ever used: these have memory behind them. It only grows.
#pragma once

#include <atomic>
#include <cstdint>

namespace troupe::shm {

class reach {
public:
    // sync: reached - observes an entry that has memory behind it
    std::uint32_t get() const noexcept { return count_.load(std::memory_order_acquire); }
    void raise(std::uint32_t to) noexcept {
        std::uint32_t seen = get();
        // sync: reached - publishes an entry that has memory behind it
        while (seen < to && !count_.compare_exchange_weak(seen, to, std::memory_order_acq_rel)) {
        }
    }

private:
    std::atomic<std::uint32_t> count_;
};

}  // namespace troupe::shm
