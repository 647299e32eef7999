// What is done with the locks, permits and handles of a process that has ended. See shm/lock_line.hpp for what a death
// leaves in a line, and who puts it right.
#include <algorithm>

#include "base/step.hpp"
#include "keeper/keeper.hpp"
#include "shm/condition_line.hpp"
#include "shm/permit_line.hpp"

namespace troupe::keepers {

using shm::handing;
using shm::place_number;
using shm::place_state;
using shm::place_value;

// Its places first: what it held them for may be freed after it. Of these, first those that wait in conditions: if it
// died with a lock, those that it had not linked are freed with the lock in hand.
void keeper::hand_on_locks(const death& one) noexcept {
    const std::uint32_t reached = std::min(memory_.cells().places_reached(one.slot), memory_.cells().places());
    for (std::uint32_t i = 1; i < reached; ++i) leave_condition(place_number::make(one.slot, i));
    for (std::uint32_t i = 1; i < reached; ++i) settle_place(place_number::make(one.slot, i));
}

// Who notifies may do so at the same time.
void keeper::leave_condition(place_number place) noexcept {
    shm::lock_place& it = memory_.cells().place(place);
    for (place_value is = it.state.get();; is = it.state.get()) {
        const bool waits = is.state == place_state::cwait, notified = is.state == place_state::notified;
        if (!waits && !notified) return;
        if (it.state.swap(is, is.with(waits ? place_state::gone : place_state::gone_notified))) return;
    }
}

// Of the lock that the dead process had, or was given: what it had begun in conditions, and the notification that it
// was given the lock for.
void keeper::settle_conditions(shm::cell& lock, place_number from, handing how) noexcept {
    shm::cell_table& cells = memory_.cells();
    if (how == handing::passed) {
        shm::cell* const waited = cells.find(shm::cell_id{cells.place(from).condition.get()});
        if (waited != nullptr) shm::condition_line(*waited, lock, cells).notify_one();
        return;
    }
    const std::uint16_t dead = from.slot();
    if (!cells.holds_any(dead)) return;
    cells.held_by(dead).for_each([&](std::uint16_t index) {
        shm::cell& condition = cells.at(index);
        if (!condition.is_open() || condition.kind.get() != shm::cell_kind::condition) return;
        if (condition.condition().lock.get() != lock.name()) return;
        shm::condition_line line(condition, lock, cells);
        line.settle();
        const std::uint32_t reached = std::min(cells.places_reached(dead), cells.places());
        for (std::uint32_t i = 1; i < reached; ++i) {
            const place_number place = place_number::make(dead, i);
            shm::lock_place& it = cells.place(place);
            const place_value is = it.state.get();
            if (is.state != place_state::gone || it.condition.get() != condition.name().value) continue;
            if (!line.is_linked(place)) it.state.set(is.with(place_state::free));
        }
    });
    TROUPE_STEP("keeper: conditions settled");
}

void keeper::settle_place(place_number place) noexcept {
    shm::lock_place& it = memory_.cells().place(place);
    const place_value is = it.state.get();
    switch (is.state) {
    case place_state::free:
    case place_state::gone:           // whoever passes buries it, or notifies
    case place_state::gone_notified:  // the same
    case place_state::buried:         // the keeper sees to it where the one died who did so
    case place_state::ghost: return;  // who grants tells
    default: break;
    }
    shm::cell* const cell = memory_.cells().find(shm::cell_id{it.cell.get()});
    if (cell == nullptr) {  // it was about to ask for what is no more, or the place is damaged
        it.state.set(is.with(place_state::free));
        return;
    }
    switch (is.state) {
    case place_state::mine: settle_holder(*cell, place); break;
    case place_state::account: settle_account(*cell, place); break;
    case place_state::waiting:
    case place_state::parked:
        if (it.state.swap(is, is.with(place_state::gone))) {
            leave_line(*cell, place);
            break;
        }
        settle_place(place);  // it was granted meanwhile
        break;
    case place_state::granted:
        it.state.swap(is, is.with(place_state::ghost));
        TROUPE_STEP("keeper: ghost marked");
        // Otherwise the gate is on its way, and who gives it tells; if that one dies first, its own place is mine.
        if (shm::lock_line(*cell, memory_.cells()).has_gate(place)) hand_on(*cell, place, handing::passed);
        break;
    default: break;
    }
}

// It had the lock; or it was about to ask for it, or kept the place for that; or it had passed it on, and perhaps not
// rung.
void keeper::settle_holder(shm::cell& cell, place_number place) noexcept {
    const shm::lock_line line(cell, memory_.cells());
    const place_number gate = line.seen().gate;
    if (gate == place) {
        const detail::actor_id dead = memory_.process(place.slot()).actor();
        cell.died.set(dead.value);
        cell.died_how.set(memory_.process(place.slot()).ending.word.get());
        TROUPE_STEP("keeper: died with the lock");
        return hand_on(cell, place, handing::abandoned);
    }
    if (gate) {
        if (memory_.cells().place(gate).state.get().state == place_state::ghost) {
            hand_on(cell, gate, handing::passed);
        } else {
            notify(gate.slot());
        }
    }
    shm::lock_place& it = memory_.cells().place(place);
    it.state.set(it.state.get().with(place_state::free));
}

// It is gone. Where it was never linked nobody will pass it.
void keeper::leave_line(shm::cell& cell, place_number place) noexcept {
    shm::lock_place& it = memory_.cells().place(place);
    if (shm::lock_line(cell, memory_.cells()).is_linked(place)) return;
    const place_value is = it.state.get();
    if (is.state == place_state::gone) it.state.swap(is, is.with(place_state::free));
}

// For a place of a dead process that has the gate, and for each further dead one that gets it.
void keeper::hand_on(shm::cell& cell, place_number from, handing how) noexcept {
    shm::lock_line line(cell, memory_.cells());
    for (;;) {
        settle_conditions(cell, from, how);
        const shm::hand_over given = line.hand_on(from, how);
        shm::lock_place& it = memory_.cells().place(from);
        if (given.to && !given.ghost) notify(given.to.slot());
        it.state.set(it.state.get().with(place_state::free));
        TROUPE_STEP("keeper: lock handed on");
        if (!given.ghost) return;
        from = given.to;
        how = handing::passed;
    }
}

// Somebody gave the gate to one that is dead.
void keeper::look_for_ghost(shm::cell_id name) noexcept {
    shm::cell* const cell = memory_.cells().find(name);
    if (cell == nullptr) return;
    const place_number gate = shm::lock_line(*cell, memory_.cells()).seen().gate;
    if (gate && memory_.cells().place(gate).state.get().state == place_state::ghost) {
        hand_on(*cell, gate, handing::passed);
    }
}

// What it had of a semaphore goes back. The change that it had made last counts where the semaphore names it.
void keeper::settle_account(shm::cell& cell, place_number place) noexcept {
    shm::lock_place& it = memory_.cells().place(place);
    if (cell.kind.get() == shm::cell_kind::semaphore) {
        shm::permit_line permits(cell, memory_.cells());
        permits.give_back_all(place);
        TROUPE_STEP("keeper: permits given back");
        const place_number gate = shm::lock_line(cell, memory_.cells()).seen().gate;
        if (gate) notify(gate.slot());
    } else if (cell.kind.get() == shm::cell_kind::barrier) {
        const shm::process_slot& process = memory_.process(place.slot());
        cell.barrier().break_now(process.actor().value, process.ending.word.get());
        TROUPE_STEP("keeper: barrier broken");
        notify_all(cell.waiting);
    }
    it.state.set(it.state.get().with(place_state::free));
}

void keeper::leave_cells(const death& one) noexcept {
    if (!memory_.cells().holds_any(one.slot)) return;
    shm::held_cells held = memory_.cells().held_by(one.slot);
    held.for_each([&](std::uint16_t index) {
        shm::cell& cell = memory_.cells().at(index);
        if (cell.life.is_made_by(one.slot)) {
            retired_.free_cell(index);
        } else if (cell.holders.contains(one.slot)) {
            if (cell.kind.get() == shm::cell_kind::barrier && !one.ended_well) {
                const shm::process_slot& process = memory_.process(one.slot);
                cell.barrier().break_now(process.actor().value, process.ending.word.get());
            }
            cell.waiting.remove(one.slot);
            cell.let_go(one.slot);
            // It may have died between a change and the ring; or somebody waits until it cannot write any more.
            notify_all(cell.waiting);
        }
        TROUPE_STEP("keeper: out of a cell");
        retired_.look_at(cell.name().as_object());
        held.remove(index);
    });
}

}  // namespace troupe::keepers
