// The cells of which a process has a handle: a bit for each, in memory beside its places, and in its slot a bit for
// each word of those. A bit is set before the process's bit in the cell's holders and cleared after it, so at its death
// nothing that it held is missed, and nobody looks at 65,536 cells.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "shm/reach.hpp"

namespace troupe::shm {

// In the slot. It is the process's, and when that is dead the keeper's.
struct cell_marks {
    static constexpr std::size_t words = 16;
    class word {
    public:
        // sync: held cells - observes which words the dead process had used
        std::uint64_t get() const noexcept { return bits_.load(std::memory_order_acquire); }
        // sync: held cells - publishes that a word is used, before it is
        void add(std::uint64_t bit) noexcept { bits_.fetch_or(bit, std::memory_order_acq_rel); }
        // sync: held cells - publishes that a word is 0 again
        void remove(std::uint64_t bit) noexcept { bits_.fetch_and(~bit, std::memory_order_acq_rel); }

    private:
        std::atomic<std::uint64_t> bits_;
    };

    std::array<word, words> summary;
    reach places;  // of the slot's places, those that have memory behind them
    reach backed;  // 1: so have the bits
};

class held_cells {
public:
    held_cells(cell_marks& marks, std::byte* bits) noexcept
        : marks_(&marks), bits_(reinterpret_cast<cell_marks::word*>(bits)) {}

    void add(std::uint16_t cell) noexcept {
        marks_->summary[cell / 4096].add(bit(cell / 64));
        bits_[cell / 64].add(bit(cell));
    }
    void remove(std::uint16_t cell) noexcept {
        bits_[cell / 64].remove(bit(cell));
        if (bits_[cell / 64].get() == 0) marks_->summary[cell / 4096].remove(bit(cell / 64));
    }
    // visit(index). It may remove what it visits.
    template <class Visit>
    void for_each(Visit&& visit) const {
        for (std::uint32_t i = 0; i < cell_marks::words; ++i) {
            for (std::uint64_t used = marks_->summary[i].get(); used != 0; used &= used - 1) {
                const std::uint32_t word = i * 64 + static_cast<std::uint32_t>(std::countr_zero(used));
                for (std::uint64_t held = bits_[word].get(); held != 0; held &= held - 1) {
                    visit(static_cast<std::uint16_t>(word * 64 + static_cast<std::uint32_t>(std::countr_zero(held))));
                }
            }
        }
    }

private:
    static constexpr std::uint64_t bit(std::uint32_t index) noexcept { return std::uint64_t{1} << index % 64; }

    cell_marks* marks_;
    cell_marks::word* bits_;
};

}  // namespace troupe::shm
