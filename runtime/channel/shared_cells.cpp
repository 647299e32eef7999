#include "channel/shared_cells.hpp"

#include <utility>

#include <troupe/error.hpp>

#include "channel/cell_port.hpp"
#include "loop/event_loop.hpp"

namespace troupe::channel {

using detail::readiness;

shared_cells::shared_cells(participant& here) : here_(here), places_(here.memory().cells(), here.slot()) {}

shared_cells::~shared_cells() {
    if (enrolled()) loop::event_loop::current().dismiss(*this);
}

cell_port& shared_cells::port_of(shm::cell_id cell) {
    if (const auto known = ports_.find(cell.value); known != ports_.end()) return *known->second;
    shm::cell* const found = here_.memory().cells().find(cell);
    if (found == nullptr) throw corrupt("a handle names a lock, an array, an event, a barrier or a semaphore that is no more");
    auto made = std::make_unique<cell_port>(*this, cell, *found);
    return *ports_.emplace(cell.value, std::move(made)).first->second;
}

void shared_cells::forget(shm::cell_id cell) noexcept { ports_.erase(cell.value); }

void shared_cells::wait(detail::cell_wait& one) {
    loop::event_loop::current().enroll(*this);
    waiting_.append(one);
}

void shared_cells::leave(detail::cell_wait& one) noexcept {
    waiting_.remove(one);
    if (idle()) loop::event_loop::current().dismiss(*this);
}

void shared_cells::pass_on_later(shm::cell_id cell, shm::place_number place) {
    loop::event_loop::current().enroll(*this);
    unwanted_.push_back({cell, place});
}

bool shared_cells::has_come(const unwanted& one) const noexcept {
    shm::cell* const cell = here_.memory().cells().find(one.cell);
    return cell == nullptr || shm::lock_line(*cell, here_.memory().cells()).has_gate(one.place);
}

// The handle of whoever waited may be gone by now, and with it this process's port; and where nobody has a handle any
// more, the cell.
bool shared_cells::pass_on_unwanted() noexcept {
    bool any = false;
    for (std::size_t i = 0; i < unwanted_.size(); ++i) {
        const unwanted one = unwanted_[i];
        if (!has_come(one)) continue;
        shm::cell* const cell = here_.memory().cells().find(one.cell);
        unwanted_.erase(unwanted_.begin() + static_cast<std::ptrdiff_t>(i--));
        any = true;
        if (cell == nullptr) {
            places_.give_back(one.place);
        } else {
            cell_port passing(*this, one.cell, *cell);
            passing.pass_on(one.place);
        }
    }
    return any;
}

bool shared_cells::poll() {
    bool found = pass_on_unwanted();
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
    readiness all = unwanted_.empty() ? readiness::nothing : readiness::soon;
    waiting_.for_each([&all](detail::cell_wait& one) {
        const readiness is = one.fall_asleep();
        if (is == readiness::ready || all == readiness::nothing) all = is;
    });
    if (all == readiness::nothing) return loop::parking::parked;
    unpark();
    return all == readiness::ready ? loop::parking::ready : loop::parking::in_flight;
}

void shared_cells::unpark() {
    waiting_.for_each([](detail::cell_wait& one) { one.awake(); });
}

}  // namespace troupe::channel
