// The places of this process in the lines of locks. See shm/lock_place.hpp.
//
// There are 1,023. A wait that gave up leaves its place in line until somebody passes it; the next wait of this process
// for the same lock gets it back, and with it the older turn. So a process that tries again and again uses one place.
//
// The place of the last turn is kept: it stays noted, so that a process which takes the same lock again and again
// writes nothing down for it. For whoever looks in, and for the keeper, it is as if the process were about to ask.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/step.hpp"
#include "shm/cell_table.hpp"

namespace troupe::detail {
class promise_base;
}

namespace troupe::channel {

class own_places {
public:
    own_places(shm::cell_table& table, std::uint16_t slot) noexcept
        : table_(table), slot_(slot), all_(&table.place(shm::place_number::make(slot, 0))) {}
    own_places(const own_places&) = delete;
    own_places& operator=(const own_places&) = delete;

    // A place with the cell noted in it; none when all are taken, or there is no memory for more.
    shm::place_number take(shm::cell_id cell) {
        return kept_for(cell) ? take_kept() : note(cell, shm::place_state::mine);
    }
    shm::place_number take_account(shm::cell_id cell) { return note(cell, shm::place_state::account); }
    void give_back(shm::place_number place) noexcept;
    // After a turn: it stays mine for the next one at the same lock, if no other is kept.
    void keep(shm::place_number place, shm::cell_id cell) noexcept {
        if (kept_) return give_back(place);
        at(place).condition.set(0);
        forget_locker(place);
        kept_ = place;
        kept_for_ = cell;
        TROUPE_STEP("lock: kept");
    }
    // The cell is let go.
    void keep_none_for(shm::cell_id cell) noexcept {
        if (kept_for(cell)) give_back(take_kept());
    }
    // The place that is kept for that cell, until it is taken.
    shm::place_number kept_for(shm::cell_id cell) const noexcept {
        return kept_for_ == cell ? kept_ : shm::place_number();
    }
    shm::place_number take_kept() noexcept { return std::exchange(kept_, {}); }
    bool keeps_one() const noexcept { return static_cast<bool>(kept_); }
    bool any_free() const noexcept { return kept_ || !free_.empty(); }
    // Looks for those that others have freed. Returns whether any is free.
    bool look_for_free();

    void note_given_up(shm::cell_id cell, shm::place_number place);
    // A place that was given up in that cell's line, and is waiting again; none when there is none.
    shm::place_number come_back(shm::cell_id cell) noexcept {
        return given_up_.empty() ? shm::place_number() : find_given_up(cell);
    }

    // Which coroutine has taken the lock, while that is known. Where there is no memory to note it, it is not.
    void note_locker(shm::place_number place, const detail::promise_base* locker) noexcept {
        if (lockers_.empty() && (locker == nullptr || !keep_lockers())) return;
        lockers_[place.index()] = locker;
    }
    const detail::promise_base* locker_of(shm::place_number place) const noexcept;
    void forget_locker(shm::place_number place) noexcept {
        if (!lockers_.empty()) lockers_[place.index()] = nullptr;
    }

    // One of this process.
    shm::lock_place& at(shm::place_number place) const noexcept { return all_[place.index()]; }

private:
    shm::place_number note(shm::cell_id cell, shm::place_state as);
    shm::place_number find_given_up(shm::cell_id cell) noexcept;
    bool keep_lockers() noexcept;

    struct given_up {
        shm::cell_id cell;
        shm::place_number place;
        std::uint64_t use = 0;
    };

    shm::cell_table& table_;
    std::uint16_t slot_;
    shm::lock_place* all_;
    shm::place_number kept_;  // mine, and at no gate
    shm::cell_id kept_for_;
    std::vector<std::uint16_t> free_;  // known to be free; the last one is used next
    std::vector<given_up> given_up_;
    std::vector<const detail::promise_base*> lockers_;  // by index
};

}  // namespace troupe::channel
