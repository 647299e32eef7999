#include "channel/own_places.hpp"

#include <algorithm>
#include <new>

namespace troupe::channel {

bool own_places::look_for_free() {
    if (any_free()) return true;
    std::uint32_t reached = std::min(table_.places_reached(slot_), table_.places());
    for (std::uint32_t i = reached; i-- > 1;) {
        if (at(shm::place_number::make(slot_, i)).state.get().state == shm::place_state::free) {
            free_.push_back(static_cast<std::uint16_t>(i));
        }
    }
    if (!free_.empty() || reached == table_.places()) return !free_.empty();
    if (!table_.back_place(shm::place_number::make(slot_, reached))) return false;
    const std::uint32_t before = std::max(reached, 1u);
    reached = std::min(table_.places_reached(slot_), table_.places());
    for (std::uint32_t i = reached; i-- > before;) free_.push_back(static_cast<std::uint16_t>(i));
    return true;
}

shm::place_number own_places::note(shm::cell_id cell, shm::place_state as) {
    shm::place_number place = std::exchange(kept_, {});
    if (!place) {
        if (free_.empty() && !look_for_free()) return {};
        place = shm::place_number::make(slot_, free_.back());
        free_.pop_back();
    }
    shm::lock_place& it = at(place);
    it.cell.set(cell.value);
    it.condition.set(0);
    const shm::place_value is = it.state.get();
    // crash: mine, and nothing was asked for; the keeper frees it
    it.state.set({as, is.use + 1});
    TROUPE_STEP("lock: noted");
    return place;
}

void own_places::give_back(shm::place_number place) noexcept {
    shm::lock_place& it = at(place);
    forget_locker(place);
    it.state.set(it.state.get().with(shm::place_state::free));
    TROUPE_STEP("lock: forgotten");
    free_.push_back(static_cast<std::uint16_t>(place.index()));
}

void own_places::note_given_up(shm::cell_id cell, shm::place_number place) {
    // What was passed by now is forgotten when there are many.
    if (given_up_.size() >= 16) {
        std::erase_if(given_up_, [this](const given_up& one) {
            return at(one.place).state.get() != shm::place_value{shm::place_state::gone, one.use};
        });
    }
    given_up_.push_back({cell, place, at(place).state.get().use});
}

shm::place_number own_places::find_given_up(shm::cell_id cell) noexcept {
    for (std::size_t i = 0; i < given_up_.size(); ++i) {
        const given_up one = given_up_[i];
        if (one.cell != cell) continue;
        given_up_.erase(given_up_.begin() + static_cast<std::ptrdiff_t>(i--));
        const shm::place_value gone{shm::place_state::gone, one.use};
        // crash: in line; as if it had never given up
        if (at(one.place).state.swap(gone, gone.with(shm::place_state::waiting))) return one.place;
    }
    return {};
}

bool own_places::keep_lockers() noexcept {
    try {
        lockers_.resize(table_.places(), nullptr);
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

const detail::promise_base* own_places::locker_of(shm::place_number place) const noexcept {
    return place.slot() == slot_ && place.index() < lockers_.size() ? lockers_[place.index()] : nullptr;
}

}  // namespace troupe::channel
