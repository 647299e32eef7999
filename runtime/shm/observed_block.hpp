// What the blocks begin with that a process writes to while somebody observes it.
//
// The keeper takes such a block, clears it, names it in the slot of the actor (`chronicle::observed`), and then changes
// the program's `observation`. A process that sees that number says that it follows it (`activity::recording_in`)
// before it looks for its blocks. It says 0 before it sleeps, and looks for them anew when it is awake. So the keeper
// can free a block when it has taken the name off and changed the observation once more, and then finds that the
// process follows none, or the newer one: one of the two sees what the other has done, by the fences in `following` and
// `let_go`.
//
// A block belongs to the slot. The next process of the actor goes on in it, and so may the next actor of the slot.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/published.hpp"

namespace troupe::shm {

enum class observed_content : std::uint32_t { nothing, timing = 0x656d6974, trace = 0x63617274 };

struct observed_block {
    static constexpr std::uint32_t no_incarnation = 0xffff'ffff;

    std::byte parcel[64];  // zero: whoever looks through all parcels finds one in which nothing is listed
    base::published<observed_content> content;  // nothing: it is not in use
    base::published<std::uint32_t> slot;
    base::published<std::uint32_t> began_in;     // the number of the observation for which it was taken
    base::published<std::uint32_t> incarnation;  // the last process of which it says that it began

    // By the keeper, which alone knows the block.
    void begin(observed_content what, std::uint32_t of, std::uint32_t number, std::uint32_t known) noexcept {
        for (std::byte& one : parcel) one = std::byte{};
        slot.set(of);
        began_in.set(number);
        incarnation.set(known);
        content.set(what);
    }
};
static_assert(sizeof(observed_block) == 80);

// The two sides of the rule above. What comes before it in a process, or in the keeper, is seen by the other, or the
// other's is seen by what comes after it.
inline void following() noexcept {
    // seq_cst: between saying which observation is followed, and looking for the blocks
    // sync: following - publishes that the process follows; observes whether a block is named
    std::atomic_thread_fence(std::memory_order_seq_cst);
}
inline void let_go() noexcept {
    // seq_cst: between taking the name of a block off, and looking whether the process follows
    // sync: following - publishes that no block is named; observes whether the process follows
    std::atomic_thread_fence(std::memory_order_seq_cst);
}
// The process says next that it writes to its blocks no more.
inline void through_with_blocks() noexcept {
    // sync: left - publishes what was written in the blocks
    std::atomic_thread_fence(std::memory_order_release);
}
// The process was seen to have said so.
inline void may_free_blocks() noexcept {
    // sync: left - observes what was written in the blocks
    std::atomic_thread_fence(std::memory_order_acquire);
}

}  // namespace troupe::shm
