// The words of a condition: the list of the places that wait in it. All of them are changed by whoever has its lock, or
// by the keeper for one that died with it; what is more than that is for the keeper.
#pragma once

#include <atomic>
#include <cstdint>

#include "shm/burial_note.hpp"

namespace troupe::shm {

// A place; 0: none.
class place_note {
public:
    // sync: condition - observes the list, or the move, that the dead holder has left
    place_number get() const noexcept { return {word_.load(std::memory_order_acquire)}; }
    // sync: condition - publishes the list's next link, or the move that is about to be made
    void set(place_number place) noexcept { word_.store(place.value, std::memory_order_release); }

private:
    std::atomic<std::uint32_t> word_;
};

// The lock that it belongs to: that of the first who waited or notified.
class bound_lock {
public:
    // sync: bound lock - observes which one it is
    cell_id get() const noexcept { return {word_.load(std::memory_order_acquire)}; }
    // Returns false if it is not `from` any more.
    bool swap(cell_id from, cell_id to) noexcept {
        // sync: bound lock - publishes which one it is
        return word_.compare_exchange_strong(from.value, to.value, std::memory_order_acq_rel);
    }

private:
    std::atomic<std::uint64_t> word_;
};

struct condition_cell {
    place_note top;       // came last; from there `waits_behind` leads to older ones
    place_note moving;    // is being moved to the line of the lock
    burial_note burying;  // is being taken out of the list
    bound_lock lock;
};

}  // namespace troupe::shm
