// The places of this process in the lines of locks. See shm/lock_place.hpp.
//
// There are 1,023. A wait that gave up leaves its place in line until somebody passes it; the next wait of this process
// for the same lock gets it back, and with it the older turn. So a process that tries again and again uses one place.
#pragma once

#include <cstdint>
#include <vector>

#include "shm/cell_table.hpp"

namespace troupe::detail {
class promise_base;
}

namespace troupe::channel {

class own_places {
public:
    own_places(shm::cell_table& table, std::uint16_t slot) noexcept : table_(table), slot_(slot) {}
    own_places(const own_places&) = delete;
    own_places& operator=(const own_places&) = delete;

    // A place with the cell noted in it; none when all are taken, or there is no memory for more.
    shm::place_number take(shm::cell_id cell, shm::place_state as = shm::place_state::mine);
    void give_back(shm::place_number place) noexcept;
    bool any_free() const noexcept { return !free_.empty(); }
    // Looks for those that others have freed. Returns whether any is free.
    bool look_for_free();

    void note_given_up(shm::cell_id cell, shm::place_number place);
    // A place that was given up in that cell's line, and is waiting again; none when there is none.
    shm::place_number come_back(shm::cell_id cell) noexcept;

    // Which coroutine has taken the lock, while that is known.
    void note_locker(shm::place_number place, const detail::promise_base* locker);
    const detail::promise_base* locker_of(shm::place_number place) const noexcept;
    void forget_locker(shm::place_number place) noexcept;

    shm::lock_place& at(shm::place_number place) const noexcept { return table_.place(place); }

private:
    struct given_up {
        shm::cell_id cell;
        shm::place_number place;
        std::uint64_t use = 0;
    };

    shm::cell_table& table_;
    std::uint16_t slot_;
    std::vector<std::uint16_t> free_;  // known to be free; the last one is used next
    std::vector<given_up> given_up_;
    std::vector<const detail::promise_base*> lockers_;  // by index
};

}  // namespace troupe::channel
