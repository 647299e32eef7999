// The processes that wait for something a ring can give: one bit for each process slot.
//
// A bit is set by the process that is about to sleep, and cleared by that process alone, or by the keeper for a dead
// one. Whoever rings never clears it: a process killed between "I saw them wait" and "I rang" then loses nothing,
// because its successor, or the keeper, finds the bits still set. The price is a needless ring now and then.
//
// Bits are set, removed and looked at in one order of all processes (seq_cst). The waiter sets its bit, then looks at
// the ring; the other side changes the ring, then looks at the bits. Neither misses the other if the change and the
// look at the ring stand in that order too: docs/memory-order.md says for each how.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>

#include "shm/owner_id.hpp"

namespace troupe::shm {

class wait_set {
public:
    void add(std::uint32_t slot) noexcept;
    void remove(std::uint32_t slot) noexcept;
    // By whoever makes the ring ready for its next use, when nobody waits.
    void clear() noexcept;
    bool contains(std::uint32_t slot) const noexcept;
    bool empty() const noexcept;
    // Of the slots below that one; the count stops at `enough`. A guess while others come and go.
    std::uint32_t count_below(std::uint32_t slot, std::uint32_t enough) const noexcept;

    // The first waiting slot behind `slot`, going round; `slot` itself comes last. Gives turns when one of many is
    // rung.
    std::optional<std::uint32_t> next_after(std::uint32_t slot) const noexcept;

    template <class Visit>
    void for_each(Visit visit) const {
        for (std::uint32_t word = 0; word < words; ++word)
            for (std::uint64_t bits = load(word); bits != 0; bits &= bits - 1)
                visit(word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits)));
    }

private:
    static constexpr std::uint32_t words = most_processes / 64;

    std::uint64_t load(std::uint32_t word) const noexcept;

    std::array<std::atomic<std::uint64_t>, words> bits_;
};
static_assert(sizeof(wait_set) == most_processes / 8);

}  // namespace troupe::shm
