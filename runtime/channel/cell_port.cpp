#include "channel/cell_port.hpp"

#include <utility>

#include <troupe/error.hpp>

#include "base/frozen_ranges.hpp"
#include "base/step.hpp"
#include "mail/parcel.hpp"
#include "shm/condition_line.hpp"

namespace troupe::channel {

void cell_port::hold() {
    if (holds == 0) {
        shm::cell_table& table = memory().cells();
        if (!table.back_held(here().slot())) {
            throw out_of_memory("no memory to note what locks and arrays this process holds");
        }
        table.held_by(here().slot()).add(id_.index());
        TROUPE_STEP("cell: hold noted");
        // crash: held until the keeper takes the dead one's bit away
        cell_.hold(here().slot());
        TROUPE_STEP("cell: held");
    }
    ++holds;
}

void cell_port::let_go() noexcept {
    base::published<shm::channel_id>& letting_go = here().self().activity.letting_go;
    letting_go.set(id_.as_object());
    if (kind() == shm::cell_kind::semaphore) return_permits(*this);
    if (kind() == shm::cell_kind::barrier) leave_barrier(*this);
    if (account_) places().give_back(account_);
    places().keep_none_for(id_);
    // Before others may free it: its next user writes to it.
    if (heeds_freezing_) all_.heed_no_more(*this);
    if (frozen_here_) thaw_here();
    const bool frozen = kind() == shm::cell_kind::array && cell_.memory().frozen.get();
    // crash: held by the dead one, or by nobody, which `letting_go` says; the keeper looks at both
    cell_.let_go(here().slot());
    TROUPE_STEP("cell: let go");
    if (frozen) here().notify_all(cell_.waiting);  // somebody may wait for that
    memory().cells().held_by(here().slot()).remove(id_.index());
    here().keeper().look_at(id_.as_object());
    letting_go.set({});
    all_.forget(id_);
}

void cell_port::take_block(std::size_t bytes) {
    const shm::block_id block =
        or_make_room(here(), [&] { return mail::take_buffer(memory(), here().owner(), bytes); });
    // crash: the maker's, as the cell is; the keeper frees both
    cell_.memory().block.set(block.value);
    cell_.memory().bytes.set(bytes);
    TROUPE_STEP("cell: has a block");
    memory().blocks().send(block, here().owner());
    TROUPE_STEP("cell: block is its own");
}

std::span<std::byte> cell_port::block_bytes() const {
    const shm::block_id block{cell_.memory().block.get()};
    if (!memory().blocks().valid(block)) throw corrupt("the memory of a shared value or array is damaged");
    return mail::buffer_bytes(memory(), block);
}

std::byte* cell_port::value() {
    if (content == nullptr) content = cell_.has_block() ? block_bytes().data() : cell_.content;
    return static_cast<std::byte*>(content);
}

void cell_port::pass_on(shm::place_number place) noexcept {
    // Granted until the gate is here: who grants looks for a ghost, and for nothing else.
    if (!line().has_gate(place)) return all_.pass_on_later(*this, place);
    shm::lock_place& mine = places().at(place);
    const shm::cell_id condition{mine.condition.get()};
    if (shm::cell* const waited = memory().cells().find(condition)) {
        // crash: granted, with the gate; the keeper passes it on as well
        shm::condition_line(*waited, cell_, memory().cells()).notify_one();
    }
    mine.state.set(mine.state.get().with(shm::place_state::mine));
    unlock(place);
}

void cell_port::hand_on(shm::place_number place) noexcept {
    const shm::hand_over given = line().hand_on(place, shm::handing::live);
    if (given.ghost) {
        here().keeper().look_at(id_.as_object());
    } else if (given.sleeps) {
        here().notify(given.to.slot());
    }
    TROUPE_STEP("lock: next one rung");
}

shm::place_number cell_port::account() {
    if (account_) return account_;
    // crash: an account of nothing; the keeper frees it
    account_ = places().take_account(id_);
    if (!account_)
        throw out_of_memory("this process has no place left for another semaphore or barrier: there are 1,023");
    // The numbers go on, so that nobody who was stopped takes this account for an earlier one.
    shm::lock_place& place = places().at(account_);
    const std::uint32_t number = (place.stands.get().number + 2) & shm::permit_value::number_mask;
    place.stands.set({number, 0});
    place.meant.set({number, 0});
    return account_;
}

// --- of an array that may be frozen

void cell_port::heed_freezing() {
    if (!std::exchange(heeds_freezing_, true)) all_.heed(*this);
    if (cell_.memory().frozen.get()) freeze_here();
}

void cell_port::freeze_here() {
    if (frozen_here_) return;
    const shm::block_id block{cell_.memory().block.get()};
    std::byte* const begin = memory().blocks().at(block);
    const std::size_t bytes = memory().blocks().bytes(block);
    if (!memory().memory().forbid_writing(memory().memory().offset_of(begin), bytes)) {
        throw out_of_memory(
            "the system does not forbid writing to a frozen array: it has too many mappings, or large pages");
    }
    base::frozen_memory.add(begin, bytes);
    frozen_here_ = true;
    cell_.waiting.add(here().slot());
    TROUPE_STEP("array: frozen here");
    here().notify_all(cell_.waiting);
}

void cell_port::thaw_here() noexcept {
    const shm::block_id block{cell_.memory().block.get()};
    std::byte* const begin = memory().blocks().at(block);
    base::frozen_memory.remove(begin);
    memory().memory().allow_writing(memory().memory().offset_of(begin), memory().blocks().bytes(block));
    frozen_here_ = false;
    cell_.waiting.remove(here().slot());
}

void cell_port::add_sleeper() noexcept {
    if (sleepers_++ == 0) cell_.waiting.add(here().slot());
}

void cell_port::remove_sleeper() noexcept {
    if (--sleepers_ == 0) cell_.waiting.remove(here().slot());
}

}  // namespace troupe::channel
