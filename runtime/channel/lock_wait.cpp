// The compiled core of locks: one turn in a line. What is stored is in shm/lock_line, and so is why it is right.
#include <troupe/detail/lock_wait.hpp>

#include <cstring>
#include <string>
#include <utility>

#include <troupe/error.hpp>

#include "base/clock.hpp"
#include "base/machine.hpp"
#include "base/step.hpp"
#include "channel/cell_port.hpp"
#include "loop/event_loop.hpp"
#include "mail/parcel.hpp"

namespace troupe::detail {
namespace {

using shm::place_number;
using shm::place_state;
using shm::place_value;

// The place has the gate, and is mine.
void note_turn(channel::cell_port& port, place_number place, const promise_base* locker, std::uint64_t ms) noexcept {
    port.places().at(place).since.set(ms * 1'000'000);  // it is told to people
    port.places().note_locker(place, locker);
}

lock_turn turn_after_death(cell_hold&& hold, place_number place) noexcept {
    const shm::cell& cell = hold.get()->cell();
    const std::uint64_t died = cell.died.get(), how = cell.died_how.get();
    return {std::move(hold), place.value, died, how};
}

}  // namespace

// --- the turn

// Where it goes, nobody knows whose it is any more.
lock_turn::lock_turn(lock_turn&& other) noexcept
    : hold_(std::move(other.hold_)), place_(std::exchange(other.place_, 0)), died_(other.died_), how_(other.how_) {
    if (channel::cell_port* const port = place_ != 0 ? hold_.here() : nullptr) port->places().forget_locker({place_});
}

lock_turn& lock_turn::operator=(lock_turn&& other) noexcept {
    if (this == &other) return *this;
    unlock();
    hold_ = std::move(other.hold_);
    place_ = std::exchange(other.place_, 0);
    died_ = other.died_;
    how_ = other.how_;
    if (channel::cell_port* const port = place_ != 0 ? hold_.here() : nullptr) port->places().forget_locker({place_});
    return *this;
}

void lock_turn::unlock() noexcept {
    const place_number place{std::exchange(place_, 0)};
    if (channel::cell_port* const port = place ? hold_.here() : nullptr) port->unlock(place);
    hold_ = {};
}

std::optional<exit_status> lock_turn::abandoned() const {
    if (place_ == 0 || died_ == 0) return std::nullopt;
    return hold_.checked("this lock").memory().ends().as_told(actor_id{died_}, how_);
}

void* lock_turn::find_value() const {
    if (place_ == 0) throw misuse("this lock was let go, or moved from, and its value cannot be used any more");
    return hold_.checked("this lock").value();
}

// --- waiting for it

void lock_wait::give_up() noexcept {
    channel::cell_port* const port = hold_.here();
    if (port == nullptr) return;
    if (has_it_) {
        port->unlock({place_});
    } else if (in_line_) {
        leave_line();
    } else {
        port->places().give_back({place_});
    }
}

bool lock_wait::begin_turn() {
    has_it_ = true;
    note_turn(port(), {place_}, asker_, ready.turn());
    abandoned_ = port().line().seen().abandoned;
    return true;
}

// Takes the lock, or stands in line from then on; neither where all places are taken.
bool lock_wait::take_or_join() {
    channel::cell_port& at = port();
    shm::lock_line line = at.line();
    if (place_ == 0) {
        refuse_own_lock();
        const place_number again = at.places().come_back(at.id());
        if (again) {
            place_ = again.value;
            in_line_ = true;
            return false;
        }
        place_ = at.places().take(at.id()).value;
        if (place_ == 0) return false;
    }
    shm::lock_place& mine = at.places().at({place_});
    for (;;) {
        if (line.try_take({place_})) return begin_turn();
        const place_value is = mine.state.get();
        // crash: waiting, and in no line; the keeper's walk frees it
        mine.state.set(is.with(place_state::waiting));
        TROUPE_STEP("lock: about to push");
        if (line.push({place_})) {
            in_line_ = true;
            return false;
        }
        mine.state.set(is);
    }
}

// In line: takes the lock where it was granted, and the gate has come.
bool lock_wait::take_granted() {
    channel::cell_port& at = port();
    shm::lock_place& mine = at.places().at({place_});
    const place_value is = mine.state.get();
    if (is.state != place_state::granted) return false;
    if (!at.line().has_gate({place_})) return false;
    in_line_ = false;
    // crash: granted, with the gate; the keeper hands on, and tells nobody
    mine.state.set(is.with(place_state::mine));
    TROUPE_STEP("lock: turn taken");
    return begin_turn();
}

// Whoever has the lock may let it go in a moment, on another CPU: less than it takes to go through the loop.
bool lock_wait::look_for_a_moment() {
    constexpr int looks = 40;  // some 20 ns each
    const place_number gate = port().line().seen().gate;
    const place_number older = port().places().at({place_}).older();
    const bool is_next = !older || older == gate;
    if (!is_next || gate.slot() == port().here().slot()) return false;
    if (!loop::event_loop::exists() || !loop::event_loop::current().may_spin()) return false;
    for (int i = 0; i < looks; ++i) {
        if (take_granted()) return true;
        base::pause_cpu();
    }
    return false;
}

bool lock_wait::try_finish() {
    channel::cell_port& at = port();
    if (place_ == 0) {
        // The usual case. Where one of this process's has given up and stands in line, the lock is not free.
        const place_number kept = at.places().kept_for(at.id());
        if (kept && at.line().try_take(kept)) {
            place_ = at.places().take_kept().value;
            return begin_turn();
        }
    }
    if (has_it_) return true;
    if (in_line_) return take_granted();
    return take_or_join() || (in_line_ && look_for_a_moment());
}

void lock_wait::enlist() {
    port().all().wait(*this);
    try {
        if (lock_wait::try_finish()) wake();
    } catch (...) {
        port().all().leave(*this);  // it is not enlisted, so nobody else does it
        throw;
    }
}

// It would wait for itself: whoever has the lock is a coroutine that goes on only after this wait.
void lock_wait::refuse_own_lock() const {
    const place_number gate = port().line().seen().gate;
    const promise_base* const locker = port().places().locker_of(gate);
    if (locker == nullptr) return;
    for (const promise_base* one = asker_; one != nullptr; one = one->caller()) {
        if (one == locker) {
            throw misuse(
                "this coroutine, or one that awaits it, has this lock already and would wait for itself; let "
                "it go first, or pass on what was locked");
        }
    }
}

void lock_wait::abandon() noexcept {
    port().all().leave(*this);
    if (in_line_) leave_line();
}

// Granted by now: the lock comes, and is passed on.
void lock_wait::leave_line() noexcept {
    channel::cell_port& at = port();
    const place_number place{std::exchange(place_, 0)};
    shm::lock_place& mine = at.places().at(place);
    in_line_ = false;
    for (;;) {
        const place_value is = mine.state.get();
        if (is.state == place_state::granted) break;
        const bool waited = is.state == place_state::cwait;
        const bool notified = is.state == place_state::notified;
        // crash: gone, and in line; as if it had given up
        if (mine.state.swap(is, is.with(notified ? place_state::gone_notified : place_state::gone))) {
            TROUPE_STEP("lock: given up");
            if (!waited && !notified) at.places().note_given_up(at.id(), place);
            return;
        }
    }
    at.pass_on(place);
}

readiness lock_wait::glance() noexcept {
    if (has_it_) return readiness::ready;
    if (!in_line_) return port().places().any_free() ? readiness::ready : readiness::nothing;
    if (port().places().at({place_}).state.get().state != place_state::granted) return readiness::nothing;
    return port().line().has_gate({place_}) ? readiness::ready : readiness::soon;
}

readiness lock_wait::fall_asleep() noexcept {
    if (!in_line_) return has_it_ || port().places().look_for_free() ? readiness::ready : readiness::soon;
    shm::lock_place& mine = port().places().at({place_});
    const place_value is = mine.state.get();
    if (is.state == place_state::waiting && mine.state.swap(is, is.with(place_state::parked))) {
        TROUPE_STEP("lock: parked");
        return readiness::nothing;
    }
    return is.state == place_state::parked ? readiness::nothing : glance();
}

void lock_wait::awake() noexcept {
    if (!in_line_) return;
    shm::lock_place& mine = port().places().at({place_});
    const place_value is = mine.state.get();
    if (is.state == place_state::parked) mine.state.swap(is, is.with(place_state::waiting));
}

lock_turn lock_wait::take_abandoned(std::uint32_t place) noexcept {
    return turn_after_death(std::move(hold_), {place});
}

void lock_wait::pass_on() noexcept {
    has_it_ = false;
    port().unlock({std::exchange(place_, 0)});
}

// --- without waiting

lock_turn try_lock(const cell_hold& hold, const char* what) {
    channel::cell_port& port = hold.checked(what);
    shm::lock_line line = port.line();
    if (line.seen().gate) return {};
    const place_number place = port.places().take(port.id());
    if (!place) return {};
    if (!line.try_take(place)) {
        port.places().give_back(place);
        return {};
    }
    note_turn(port, place, nullptr, base::in_ms(base::coarse_now()));  // a plain function has no turns
    cell_hold held = hold;
    return line.seen().abandoned ? turn_after_death(std::move(held), place) : lock_turn(std::move(held), place.value);
}

bool peek(const cell_hold& hold, const char* what, void* into, std::size_t bytes) {
    channel::cell_port& port = hold.checked(what);
    const shm::lock_value before = port.line().seen();
    if (before.gate || before.abandoned) return false;
    std::memcpy(into, port.value(), bytes);
    return port.line().unchanged_since(before);
}

void throw_still_locked(const cell_hold& hold) {
    channel::cell_port& port = hold.checked("this lock");
    const place_number gate = port.line().seen().gate;
    if (!gate) throw timed_out("timed out: the lock did not come in time, and nobody has it now");
    const shm::process_table& processes = port.memory().processes();
    const std::uint64_t since = port.memory().cells().place(gate).since.get();
    const auto now = static_cast<std::uint64_t>(base::coarse_now().time_since_epoch().count());
    throw timed_out("timed out: " + processes.described(processes.at(gate.slot()).actor()) + " has had the lock for " +
                    std::to_string(now > since ? (now - since) / 1'000'000 : 0) + " ms");
}

// --- a new one

cell_hold make_lock(const void* value, std::size_t bytes) {
    const bool large = bytes > shm::cell_value_bytes;
    cell_hold made = make_cell(large ? cell_sort::large_lock : cell_sort::lock);
    channel::cell_port& port = *made.get();
    if (large) port.take_block(bytes);
    if (bytes != 0) std::memcpy(port.value(), value, bytes);
    port.cell().value_bytes.set(static_cast<std::uint32_t>(bytes));
    TROUPE_STEP("cell: filled");
    port.memory().cells().open(port.id());
    return made;
}

}  // namespace troupe::detail
