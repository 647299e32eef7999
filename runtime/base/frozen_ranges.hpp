// The memory of this process that may be read and not written: for its crash handler, which says so when somebody did.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace troupe::base {

// Changed by the one thread that runs user code; read by the crash handler, on any thread. A table: the handler cannot
// look into anything that moves. What does not fit into it is not told.
class frozen_ranges {
public:
    void add(const std::byte* begin, std::size_t bytes) noexcept {
        for (range& one : ranges_) {
            if (one.bytes.load(std::memory_order_relaxed) != 0) continue;  // relaxed: this thread alone writes
            one.begin.store(reinterpret_cast<std::uintptr_t>(begin), std::memory_order_relaxed);  // relaxed: see below
            // sync: frozen ranges - publishes where it begins
            one.bytes.store(bytes, std::memory_order_release);
            return;
        }
    }
    void remove(const std::byte* begin) noexcept {
        for (range& one : ranges_) {
            // relaxed, both: this thread alone writes, and there is nothing to publish
            if (one.begin.load(std::memory_order_relaxed) != reinterpret_cast<std::uintptr_t>(begin)) continue;
            one.bytes.store(0, std::memory_order_relaxed);
        }
    }
    bool contains(std::uintptr_t address) const noexcept {
        for (const range& one : ranges_) {
            // sync: frozen ranges - observes where it begins
            const std::size_t bytes = one.bytes.load(std::memory_order_acquire);
            if (address - one.begin.load(std::memory_order_relaxed) < bytes) return true;  // relaxed: see above
        }
        return false;
    }

private:
    struct range {
        std::atomic<std::uintptr_t> begin{0};
        std::atomic<std::size_t> bytes{0};
    };
    std::array<range, 128> ranges_;
};

inline constinit frozen_ranges frozen_memory;

}  // namespace troupe::base
