// A set of channels, by their index. It is as large as it can get: the keeper allocates nothing.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "shm/process_slot.hpp"

namespace troupe::keepers {

class channel_set {
public:
    void add(std::size_t channel) noexcept { words_[channel / bits] |= bit(channel); }
    void remove(std::size_t channel) noexcept { words_[channel / bits] &= ~bit(channel); }
    void set(std::size_t channel, bool is_in) noexcept { is_in ? add(channel) : remove(channel); }
    void clear() noexcept { words_ = {}; }

    bool contains(std::size_t channel) const noexcept { return (words_[channel / bits] & bit(channel)) != 0; }
    bool empty() const noexcept { return next(0) == shm::max_channels; }
    std::size_t size() const noexcept {
        std::size_t sum = 0;
        for (const std::uint64_t word : words_) sum += static_cast<std::size_t>(std::popcount(word));
        return sum;
    }
    // The first of its channels from that one on; max_channels when there is none.
    std::size_t next(std::size_t channel) const noexcept {
        std::uint64_t from = ~std::uint64_t{0} << channel % bits;
        for (std::size_t word = channel / bits; word < words_.size(); ++word, from = ~std::uint64_t{0}) {
            const std::uint64_t found = words_[word] & from;
            if (found != 0) return word * bits + static_cast<std::size_t>(std::countr_zero(found));
        }
        return shm::max_channels;
    }

private:
    static constexpr std::size_t bits = 64;
    static constexpr std::uint64_t bit(std::size_t channel) noexcept { return std::uint64_t{1} << channel % bits; }

    std::array<std::uint64_t, shm::max_channels / bits> words_{};
};

}  // namespace troupe::keepers
