// A set of channels, one bit each, in shared memory.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace troupe::shm {

inline constexpr std::size_t max_channels = 16384;

class channel_marks {
public:
    void add(std::uint16_t index) noexcept {
        // sync: wrote to - publishes that this process may leave a claim there, before it makes one
        words_[index / 64].fetch_or(std::uint64_t{1} << index % 64, std::memory_order_acq_rel);
    }
    bool contains(std::uint32_t index) const noexcept {
        // sync: wrote to - observes where the dead process may have left a claim
        return (words_[index / 64].load(std::memory_order_acquire) >> index % 64 & 1) != 0;
    }
    // The first from that one on; max_channels if there is none.
    std::uint32_t next(std::uint32_t from) const noexcept {
        for (std::uint32_t word = from / 64; word < words_.size(); ++word) {
            // sync: wrote to - observes where the dead process may have left a claim
            std::uint64_t bits = words_[word].load(std::memory_order_acquire);
            if (word == from / 64) bits &= ~std::uint64_t{0} << from % 64;
            if (bits != 0) return word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
        }
        return max_channels;
    }
    void clear() noexcept {
        for (auto& word : words_) word.store(0, std::memory_order_relaxed);  // relaxed: published by the life
    }

private:
    std::array<std::atomic<std::uint64_t>, max_channels / 64> words_;
};

}  // namespace troupe::shm
