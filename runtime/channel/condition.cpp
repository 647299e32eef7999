// The compiled core of conditions. What is stored is in shm/condition_line, and so is why it is right.
#include <troupe/condition.hpp>
#include <troupe/error.hpp>

#include <utility>

#include "base/step.hpp"
#include "channel/cell_port.hpp"
#include "shm/condition_line.hpp"

namespace troupe::detail {
namespace {

// The lock that the turn is at, which is the condition's.
channel::cell_port& lock_of(channel::cell_port& condition, const lock_turn& turn) {
    if (!turn) throw misuse("a condition is used with its lock in hand, and this one was let go, or moved from");
    channel::cell_port& lock = turn.hold().checked("this lock");
    shm::bound_lock& bound = condition.cell().condition().lock;
    for (;;) {
        const shm::cell_id known = bound.get();
        if (known == lock.id()) return lock;
        if (known && condition.memory().cells().find(known) != nullptr) {
            throw misuse("this condition belongs to another lock, with which it was used first; make one for each");
        }
        bound.swap(known, lock.id());
    }
}

shm::condition_line line_of(channel::cell_port& condition, channel::cell_port& lock) noexcept {
    return {condition.cell(), lock.cell(), lock.memory().cells()};
}

}  // namespace

cell_hold make_condition() {
    cell_hold made = make_cell(cell_sort::condition);
    channel::cell_port& port = *made.get();
    port.memory().cells().open(port.id());
    return made;
}

bool notify_one(const cell_hold& condition, const lock_turn& turn) {
    channel::cell_port& port = condition.checked("this condition");
    return line_of(port, lock_of(port, turn)).notify_one();
}

condition_wait::condition_wait(cell_hold condition, lock_turn* turn)
    : lock_wait(turn->hold()), condition_(std::move(condition)), turn_(turn) {
    channel::cell_port& port = condition_.checked("this condition");
    lock_of(port, *turn_);
}

bool condition_wait::try_finish() { return begun_ && lock_wait::try_finish(); }

void condition_wait::enlist() {
    channel::cell_port& condition = *condition_.get();
    channel::cell_port& lock = lock_of(condition, *turn_);
    const shm::place_number place = lock.places().take(lock.id());
    if (!place) {
        throw out_of_memory("this process has no place left to wait in a condition: it waits in 1,023 already");
    }
    lock.all().wait(*this);
    line_of(condition, lock).join(place);
    wait_in_condition(place.value);
    begun_ = true;
    turn_->unlock();
}

task<bool> wait_in_condition(cell_hold condition, lock_turn* turn, std::chrono::nanoseconds d) {
    const cell_hold lock = turn->hold();
    bool late = false;
    try {
        co_await with_timeout(d, condition_wait(condition, turn));
    } catch (const timed_out&) {
        late = true;
    }
    if (!late) co_return true;
    co_await turn_wait(lock, turn);
    // Its place is in the list still, unless somebody has come to it.
    channel::cell_port& port = condition.checked("this condition");
    line_of(port, lock_of(port, *turn)).take_out_gone(port.here().slot());
    co_return false;
}

}  // namespace troupe::detail
