// A place: one coroutine that has a lock or waits for it; or what one process has of a semaphore, or of a barrier.
//
//   free ──note──> mine ──> waiting ⇄ parked ──grant──> granted ──take──> mine ──> free
//                              └──────┴──> gone ──bury──> buried ──> free
//                                            └──> waiting        (its owner came back in time)
//                              granted ──> ghost                 (dead, and the gate is not there yet)
//   mine ──wait in a condition──> cwait ──notify──> notified ──grant──> granted
//                                   └──> gone          └──> gone notified ──bury──> buried
//
// A place belongs to one slot, by its index, and outlives the slot's processes: it is used again when its state is
// free. So no incarnation stands in a lock's word.
//
// Invariants
// L1  free → mine and mine → free are stores of the owner, or of the keeper for a dead one. All else is swaps: the
//     owner, whoever grants and the keeper may meet there, and one of them is first.
// L2  a place that may have the gate, or may owe somebody a ring, is not free.
// L3  `next`, once the place is linked, and `after` are written by whoever has the gate, or by the keeper for one that
//     is dead.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/published.hpp"
#include "shm/cell_id.hpp"

namespace troupe::shm {

inline constexpr std::uint32_t most_places = 1024;  // of one slot; the first is none

// slot << 10 | index. 0: none.
struct place_number {
    std::uint32_t value = 0;

    static constexpr place_number make(std::uint32_t slot, std::uint32_t index) noexcept {
        return {(slot & 0xfff) << 10 | (index & 0x3ff)};
    }
    constexpr std::uint16_t slot() const noexcept { return static_cast<std::uint16_t>(value >> 10 & 0xfff); }
    constexpr std::uint32_t index() const noexcept { return value & 0x3ff; }
    constexpr explicit operator bool() const noexcept { return value != 0; }
    friend constexpr bool operator==(place_number, place_number) = default;
};
inline constexpr std::uint32_t place_bits = 22;

enum class place_state : std::uint8_t {
    free,
    mine,           // its owner has the lock, or is about to ask for it, or has passed it on and keeps the place
    waiting,        // in line, and looks
    parked,         // in line, and to be rung
    granted,        // the next to have the gate, or has it
    gone,           // gave up, or died in line
    buried,         // is being taken out of the line
    ghost,          // died when it was granted
    account,        // what the process has of a semaphore; or that it is a party of a barrier
    cwait,          // waits in a condition
    notified,       // is being moved from there to the line of the lock, or waits in that
    gone_notified,  // gave up, or died, when it was notified: whoever buries it notifies the next one first
};

struct place_value {
    place_state state = place_state::free;
    std::uint64_t use = 0;  // how often the place was used: the last uses of it are not taken for the present one

    place_value with(place_state next) const noexcept { return {next, use}; }
    friend bool operator==(const place_value&, const place_value&) = default;
};

class place_word {
public:
    place_value get() const noexcept {
        // sync: place - observes the place's fields, and what was done before its state was changed
        const std::uint64_t word = word_.load(std::memory_order_seq_cst);
        return {static_cast<place_state>(word & 0xff), word >> 8};
    }
    // Returns false if it is not `from` any more.
    bool swap(place_value from, place_value to) noexcept {
        std::uint64_t expected = pack(from);
        // seq_cst: whoever makes a ghost then looks for the gate, and whoever moves the gate then looks for a ghost
        // sync: place - publishes the place's fields, and what was done before its state is changed
        return word_.compare_exchange_strong(expected, pack(to), std::memory_order_seq_cst);
    }
    // By the only one that may change it now.
    void set(place_value to) noexcept {
        // sync: place - publishes the place's fields, and what was done before its state is changed
        word_.store(pack(to), std::memory_order_release);
    }

private:
    static std::uint64_t pack(place_value value) noexcept {
        return value.use << 8 | static_cast<std::uint8_t>(value.state);
    }

    std::atomic<std::uint64_t> word_;
};

// What a process has of a semaphore: how many permits, by its so-many-th change.
struct account_value {
    std::uint32_t number = 0;  // 22 bits, going round
    std::uint32_t held = 0;    // permits

    std::uint64_t pack() const noexcept { return std::uint64_t{number} << 32 | held; }
    static account_value unpack(std::uint64_t word) noexcept {
        return {static_cast<std::uint32_t>(word >> 32), static_cast<std::uint32_t>(word)};
    }
    friend bool operator==(const account_value&, const account_value&) = default;
};

class account_word {
public:
    account_value get() const noexcept {
        // sync: account - observes the change that is meant, or that was entered
        return account_value::unpack(word_.load(std::memory_order_seq_cst));
    }
    void set(account_value to) noexcept {
        // sync: account - publishes the change that is meant, before it is made, or that it was made
        word_.store(to.pack(), std::memory_order_seq_cst);
    }
    // Returns false if it is not `from` any more: somebody else has entered it.
    bool swap(account_value from, account_value to) noexcept {
        std::uint64_t expected = from.pack();
        // sync: account - publishes that the last change was entered
        return word_.compare_exchange_strong(expected, to.pack(), std::memory_order_seq_cst);
    }

private:
    std::atomic<std::uint64_t> word_;
};

struct alignas(64) lock_place {
    base::published<std::uint64_t> cell;  // cell_id; published by the state
    place_word state;
    base::published<std::uint32_t> next;   // towards older; published by the lock's word
    base::published<std::uint32_t> after;  // towards younger, where it was looked for; the same
    base::published<std::uint64_t> since;  // when it took the lock, to the turn of the loop; steady clock, ns; a guess
    account_word stands;                   // the account as it is, unless the change that is meant is the last one
    account_word meant;
    base::published<std::uint64_t> condition;     // cell_id of the condition in which it waits; 0: none
    base::published<std::uint32_t> waits_behind;  // in that condition, towards older; published by the lock's word

    place_number older() const noexcept { return {next.get()}; }
    place_number younger() const noexcept { return {after.get()}; }
    place_number older_waiting() const noexcept { return {waits_behind.get()}; }
};
static_assert(sizeof(lock_place) == 64);

}  // namespace troupe::shm
