#include "channel/shared_cells.hpp"

#include <utility>

#include <troupe/error.hpp>

#include "channel/cell_port.hpp"
#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"

namespace troupe::channel {

using detail::readiness;

namespace {

base::waiting_kind kind_of_wait(shm::cell_kind kind) noexcept {
    switch (kind) {
    case shm::cell_kind::event: return base::waiting_kind::event;
    case shm::cell_kind::barrier: return base::waiting_kind::barrier;
    case shm::cell_kind::semaphore: return base::waiting_kind::permit;
    case shm::cell_kind::condition: return base::waiting_kind::condition;
    case shm::cell_kind::lock:
    case shm::cell_kind::large_lock:
    case shm::cell_kind::array: break;  // that one is to be frozen, which those who write to it hold up
    }
    return base::waiting_kind::lock;
}

}  // namespace

shared_cells::shared_cells(participant& here) : here_(here), places_(here.memory().cells(), here.slot()) {}

shared_cells::~shared_cells() {
    if (enrolled() && loop::event_loop::exists()) loop::event_loop::current().dismiss(*this);
}

cell_port* shared_cells::find(shm::cell_id cell) noexcept {
    const auto found = ports_.find(cell.value);
    return found == ports_.end() ? nullptr : found->second.get();
}

cell_port& shared_cells::port_of(shm::cell_id cell) {
    if (cell_port* const known = find(cell)) return *known;
    shm::cell* const found = here_.memory().cells().find(cell);
    if (found == nullptr)
        throw corrupt("a handle names a lock, an array, an event, a barrier or a semaphore that is no more");
    auto made = std::make_unique<cell_port>(*this, cell, *found);
    return *ports_.emplace(cell.value, std::move(made)).first->second;
}

void shared_cells::forget(shm::cell_id cell) noexcept { ports_.erase(cell.value); }

void shared_cells::wait(detail::cell_wait& one) {
    loop::event_loop::current().enroll(*this);
    waiting_.append(one);
    here_.traffic().note_in_line();
}

void shared_cells::leave(detail::cell_wait& one) noexcept {
    waiting_.remove(one);
    if (idle()) loop::event_loop::current().dismiss(*this);
}

void shared_cells::heed(cell_port& array) {
    loop::event_loop::current().enroll(*this);
    arrays_.push_back(&array);
}

void shared_cells::heed_no_more(cell_port& array) noexcept {
    std::erase(arrays_, &array);
    if (idle() && enrolled() && loop::event_loop::exists()) loop::event_loop::current().dismiss(*this);
}

bool shared_cells::anything_to_freeze() const noexcept {
    for (const cell_port* const one : arrays_) {
        if (!one->is_frozen_here() && one->cell().memory().frozen.get()) return true;
    }
    return false;
}

bool shared_cells::freeze_due() {
    bool any = false;
    for (cell_port* const one : arrays_) {
        if (one->is_frozen_here() || !one->cell().memory().frozen.get()) continue;
        one->freeze_here();
        any = true;
    }
    return any;
}

void shared_cells::pass_on_later(cell_port& port, shm::place_number place) {
    loop::event_loop::current().enroll(*this);
    port.count_hold();
    unwanted_.push_back({detail::cell_hold(&port), place});
}

bool shared_cells::has_come(const unwanted& one) noexcept { return one.hold.get()->line().has_gate(one.place); }

bool shared_cells::pass_on_unwanted() noexcept {
    bool any = false;
    for (std::size_t i = 0; i < unwanted_.size(); ++i) {
        if (!has_come(unwanted_[i])) continue;
        const unwanted one = std::move(unwanted_[i]);
        unwanted_.erase(unwanted_.begin() + static_cast<std::ptrdiff_t>(i--));
        one.hold.get()->pass_on(one.place);
        any = true;
    }
    return any;
}

bool shared_cells::poll() {
    bool found = pass_on_unwanted();
    if (freeze_due()) found = true;
    waiting_.for_each([&found](detail::cell_wait& one) {
        if (one.glance() != readiness::ready) return;
        one.wake();
        found = true;
    });
    if (idle()) loop::event_loop::current().dismiss(*this);
    return found;
}

bool shared_cells::glance() {
    for (const unwanted& one : unwanted_) {
        if (has_come(one)) return true;
    }
    for (detail::cell_wait* one = waiting_.first(); one != nullptr; one = one->next_waiting) {
        if (one->glance() == readiness::ready) return true;
    }
    return false;
}

loop::parking shared_cells::park() {
    if (anything_to_freeze()) return loop::parking::ready;
    readiness all = unwanted_.empty() ? readiness::nothing : readiness::soon;
    waiting_.for_each([&all](detail::cell_wait& one) {
        const readiness is = one.fall_asleep();
        if (is == readiness::ready || all == readiness::nothing) all = is;
    });
    if (all == readiness::nothing) return loop::parking::parked;
    unpark();
    return all == readiness::ready ? loop::parking::ready : loop::parking::in_flight;
}

void shared_cells::describe(loop::wait_notes& into) const noexcept {
    for (const detail::cell_wait* one = waiting_.first(); one != nullptr; one = one->next_waiting) {
        const cell_port& at = *one->waits_at().get();
        if (!into.add(*one, {.kind = kind_of_wait(at.kind()), .of = at.id().value})) return;
    }
}

void shared_cells::unpark() {
    waiting_.for_each([](detail::cell_wait& one) { one.awake(); });
}

}  // namespace troupe::channel
