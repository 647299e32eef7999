// The word of a lock: who has it, and who came last.
#pragma once

#include <atomic>
#include <cstdint>

#include "shm/lock_place.hpp"

namespace troupe::shm {

// gate:22 | top:22 | abandoned:1 | unlocks:19.
struct lock_value {
    place_number gate;          // has the lock
    place_number top;           // came last; from there `next` leads to all that are in line
    bool abandoned = false;     // whoever had it last has died with it
    std::uint32_t unlocks = 0;  // how often it was passed on, going round

    static constexpr std::uint64_t number_mask = (std::uint64_t{1} << place_bits) - 1;
    static constexpr std::uint32_t unlocks_mask = (1u << 19) - 1;

    std::uint64_t pack() const noexcept {
        return std::uint64_t{gate.value} | std::uint64_t{top.value} << place_bits |
               std::uint64_t{abandoned} << 2 * place_bits |
               std::uint64_t{unlocks & unlocks_mask} << (2 * place_bits + 1);
    }
    static lock_value unpack(std::uint64_t word) noexcept {
        return {{static_cast<std::uint32_t>(word & number_mask)},
                {static_cast<std::uint32_t>(word >> place_bits & number_mask)},
                (word >> 2 * place_bits & 1) != 0,
                static_cast<std::uint32_t>(word >> (2 * place_bits + 1))};
    }
    friend bool operator==(const lock_value&, const lock_value&) = default;
};

// Changed by swaps alone, while the cell is in use. All are seq_cst: see place_word, and docs/memory-order.md.
class lock_word {
public:
    lock_value get() const noexcept {
        // sync: lock - observes the line, and all that was done under the lock before
        return lock_value::unpack(word_.load(std::memory_order_seq_cst));
    }
    // Returns false, and what it is instead, if it is not `from` any more.
    bool swap(lock_value& from, const lock_value& to) noexcept {
        std::uint64_t seen = from.pack();
        // sync: lock - publishes the line, and all that was done under the lock before
        if (word_.compare_exchange_strong(seen, to.pack(), std::memory_order_seq_cst)) return true;
        from = lock_value::unpack(seen);
        return false;
    }
    // The two that nobody contests, on the packed word. They return false, and change nothing, if somebody has the
    // lock, or if it is not `me` alone who has to do with it.
    bool take(place_number me) noexcept {
        // sync: lock - observes the line, and all that was done under the lock before
        std::uint64_t seen = word_.load(std::memory_order_seq_cst);
        while ((seen & places_mask) == 0) {
            // crash: locked, and nothing was done; the keeper hands on, and says so
            // sync: lock - publishes who has it, and observes all that was done under the lock before
            if (word_.compare_exchange_weak(seen, seen | me.value, std::memory_order_seq_cst)) return true;
        }
        return false;
    }
    bool let_go(place_number me) noexcept {
        // sync: lock - observes the line
        std::uint64_t seen = word_.load(std::memory_order_seq_cst);
        if ((seen & places_mask) != me.value) return false;
        // The bits above those of `abandoned` count, and go round.
        const std::uint64_t free = (seen >> unlocks_bit << unlocks_bit) + (std::uint64_t{1} << unlocks_bit);
        // crash: nobody has it; the place is mine, and the keeper frees it
        // sync: lock - publishes all that was done under the lock before
        return word_.compare_exchange_strong(seen, free, std::memory_order_seq_cst);
    }
    void begin() noexcept { word_.store(0, std::memory_order_relaxed); }  // relaxed: published by the cell's name

private:
    static constexpr std::uint64_t places_mask = (std::uint64_t{1} << 2 * place_bits) - 1;
    static constexpr unsigned unlocks_bit = 2 * place_bits + 1;

    std::atomic<std::uint64_t> word_;
};

}  // namespace troupe::shm
