// Blocks: shared memory in sizes of powers of two, for rings, arguments and messages too large for a ring.
//
// Every size has a window of its own in the segment, filled from its end, and a state word for each block in it. No
// lists: a block is found by looking, taken by one compare-and-swap, and what its owner was doing when it died can be
// read off its word.
//
//   free ──take──> owned(process) ──send──> travelling ──receive──> owned(reader) ──release──> free
//                      │ │                                              ▲
//                      │ └── a reader may take it before `send` is noted ┘
//                      ├──withdraw──> withdrawn(process) ──release──> free
//                      └──hand back──> withdrawn(whoever lent it) ──inherit──> owned(whoever lent it)
//
// Invariants
// B1  when a process has ended, the keeper sends on its behalf those of its blocks that a record in some ring names.
//     What it still owns then was never committed, or has been received: that is freed.
// B2  ring blocks and others have windows of their own: a ring's memory is never used for anything else. Its maker owns
//     it until a channel's record names it, and from then on it is the record's (travelling, and never received).
// B3  low blocks are taken first and keep their pages when they are freed (as many as `kept_bytes` a size), so that a
//     steady stream of large messages costs no page faults.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "shm/owner_id.hpp"
#include "shm/reach.hpp"
#include "shm/segment.hpp"

namespace troupe::shm {

// size class << 32 | (index + 1). 0 names none.
struct block_id {
    std::uint64_t value = 0;
    static block_id make(std::uint32_t size_class, std::uint32_t index) {
        return {std::uint64_t{size_class} << 32 | (index + 1)};
    }
    std::uint32_t size_class() const { return static_cast<std::uint32_t>(value >> 32); }
    std::uint32_t index() const { return static_cast<std::uint32_t>(value) - 1; }
    explicit operator bool() const { return value != 0; }
};

enum class block_state : std::uint8_t { free, owned, travelling, withdrawn };

// Block sizes from 4 KiB to 2 GiB, then rings of 2^10 to 2^22 granules.
inline constexpr unsigned smallest_block_bits = 12, largest_block_bits = 31;
inline constexpr unsigned smallest_ring_bits = 10, largest_ring_bits = 22;
inline constexpr std::uint32_t message_classes = largest_block_bits - smallest_block_bits + 1;
inline constexpr std::uint32_t ring_classes = largest_ring_bits - smallest_ring_bits + 1;
inline constexpr std::uint32_t block_classes = message_classes + ring_classes;

inline constexpr std::uint32_t most_blocks = 65536;  // of one size

struct block_class {
    std::size_t bytes = 0;  // of one block
    std::uint32_t count = 0;
    std::size_t end = 0;  // of the window in the segment; block 0 stands before it

    constexpr std::size_t offset(std::uint32_t index) const noexcept { return end - (std::size_t{index} + 1) * bytes; }
};

// Where everything stands in a segment: a value, which all its processes compute alike (program_layout.hpp).
struct segment_map {
    std::array<block_class, block_classes> classes{};
    std::size_t exit_log = 0, names = 0, circles = 0, cells = 0, lock_areas = 0, end_log = 0, catalogue = 0;  // offsets
    std::size_t header = 0, slices = 0, identity = 0, end = 0;
    std::uint32_t cell_count = 0, place_count = 0;  // the latter of each slot
    std::size_t budget = 0;                         // bytes of blocks that may be backed at once
    unsigned halvings = 0;                          // how often the windows were, see lay_out
};

class block_store {
public:
    // `reached`: of each size, in shared memory.
    block_store(segment& memory, const segment_map& map, reach* reached)
        : memory_(&memory), map_(map), reached_(reached) {}

    // Throw out_of_memory. The contents are whatever the last user left; a ring's memory is zero or a ring.
    block_id take(std::size_t bytes, owner_id owner);
    block_id take_ring(unsigned granule_bits, owner_id owner);
    // The same as `take` for what the program can do without: none is taken where that would leave it less than half of
    // its budget, or where it would have to be looked for in another size. Allocates nothing, throws nothing.
    std::optional<block_id> try_take(std::size_t bytes, owner_id owner) noexcept;

    std::byte* at(block_id id) const;
    std::size_t bytes(block_id id) const;
    bool valid(block_id id) const;

    void send(block_id id, owner_id from);  // owned -> travelling, unless a reader was faster
    // Also from a reader that died with it in hand. False: it is not there to be received.
    bool receive(block_id id, owner_id from, owner_id to, liveness who);
    // Owned -> withdrawn: whoever was to receive it from its owner is refused from now on. Returns false if it was
    // received before.
    bool withdraw(block_id id, owner_id owner);
    // Owned by `from` -> withdrawn by `home`: nobody else receives it. Returns false if it is not `from`'s. Not owned,
    // because its home may still be about to note that it has sent it.
    bool hand_back(block_id id, owner_id from, owner_id home);
    bool is_withdrawn_by(block_id id, owner_id owner) const;
    // From one that is dead, or from the heir itself: nobody else receives it any more. Returns false if it is not its
    // any more.
    bool inherit(block_id id, owner_id dead, owner_id heir);
    enum class pages { kept, dropped };
    void release(block_id id, pages then = pages::kept);
    bool is_free(block_id id) const;
    bool belongs_to(block_id id, owner_id owner) const;
    // Whether it goes where that one goes: on its way, or with the same owner, or left by a dead one.
    bool goes_with(block_id id, block_id other, liveness who) const;

    // visit(id, state, owner) for every message block that is not free.
    template <class Visit>
    void for_each_used(Visit&& visit) const {
        for_each_in(0, message_classes, visit);
    }
    template <class Visit>
    void for_each_ring(Visit&& visit) const {
        for_each_in(message_classes, block_classes, visit);
    }

    std::size_t backed_bytes() const;

private:
    // How many of a size were ever used: no more than there are, whatever the count says.
    std::uint32_t used(std::uint32_t size_class) const noexcept {
        return std::min(reached_[size_class].get(), map_.classes[size_class].count);
    }

    template <class Visit>
    void for_each_in(std::uint32_t from, std::uint32_t to, Visit&& visit) const {
        for (std::uint32_t c = from; c < to; ++c) {
            const std::uint32_t reached = used(c);
            for (std::uint32_t i = 0; i < reached; ++i) {
                // sync: block - observes its last change
                const std::uint64_t word = state(c, i).load(std::memory_order_acquire);
                if (state_of(word) != block_state::free) visit(block_id::make(c, i), state_of(word), owner_of(word));
            }
        }
    }

    // The word: owner:16 | backed:1 << 16 | state << 24. It is 0 of a block that is free and has no pages.
    static constexpr std::uint64_t backed_bit = 1u << 16;
    static block_state state_of(std::uint64_t word) { return static_cast<block_state>(word >> 24 & 0xff); }
    static owner_id owner_of(std::uint64_t word) { return owner_id{static_cast<std::uint16_t>(word & 0xffff)}; }
    static std::uint64_t pack(block_state state, owner_id owner) {
        return std::uint64_t{static_cast<std::uint8_t>(state)} << 24 | backed_bit | owner.value;
    }
    std::atomic<std::uint64_t>& state(std::uint32_t size_class, std::uint32_t index) const;
    void drop_kept_pages(owner_id owner);
    std::optional<block_id> take_in(std::uint32_t size_class, owner_id owner);
    std::string usage() const;  // as a text

    segment* memory_;
    segment_map map_;
    reach* reached_;
};

}  // namespace troupe::shm
