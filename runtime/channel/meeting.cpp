// The compiled core of events and barriers. Whoever waits has its process's bit in the cell's `waiting` before it looks
// for the last time, and whoever changes the word then looks at the bits: one of the two sees the other.
#include <troupe/barrier.hpp>
#include <troupe/error.hpp>
#include <troupe/event.hpp>

#include <string>
#include <utility>

#include "base/step.hpp"
#include "channel/cell_port.hpp"

namespace troupe {

broken_barrier::broken_barrier(const std::string& who, std::optional<exit_status> status)
    : error(errc::broken_barrier, "the barrier is broken: " + who +
                                      (status ? ' ' + to_string(*status) : std::string(" gave up, or let go of it")) +
                                      "; make a new one to go on"),
      status_(std::move(status)) {}

}  // namespace troupe

namespace troupe::channel {

// This process was a party.
void leave_barrier(cell_port& port) noexcept {
    if (!port.known_account()) return;
    port.cell().barrier().break_now(port.here().actor().value, 0);
    TROUPE_STEP("barrier: party left");
    port.here().notify_all(port.cell().waiting);
}

}  // namespace troupe::channel

namespace troupe::detail {

// --- events

cell_hold make_event() {
    cell_hold made = make_cell(cell_sort::event);
    channel::cell_port& port = *made.get();
    port.memory().cells().open(port.id());
    return made;
}

void set_event(const cell_hold& hold) {
    channel::cell_port& port = hold.checked("this event");
    port.cell().event().set();
    TROUPE_STEP("event: set");
    port.here().notify_all(port.cell().waiting);
}

void clear_event(const cell_hold& hold) { hold.checked("this event").cell().event().clear(); }
bool event_is_set(const cell_hold& hold) { return hold.checked("this event").cell().event().get().set; }

readiness event_wait::glance() noexcept {
    const shm::event_value now = hold_.get()->cell().event().get();
    return now.set || now.times != times_ ? readiness::ready : readiness::nothing;
}

bool event_wait::try_finish() {
    if (!std::exchange(begun_, true)) times_ = hold_.get()->cell().event().get().times;
    return glance() == readiness::ready;
}

void event_wait::enlist() {
    hold_.get()->all().wait(*this);
    hold_.get()->add_sleeper();
    TROUPE_STEP("event: waits");
}

void event_wait::abandon() noexcept {
    hold_.get()->remove_sleeper();
    hold_.get()->all().leave(*this);
}

// --- barriers

cell_hold make_barrier(std::size_t parties) {
    channel::participant::here();
    if (parties < 2) {
        throw misuse("a barrier of " + std::to_string(parties) +
                     ": it is for at least 2 processes that wait for each "
                     "other");
    }
    if (parties >= shm::max_processes) {
        throw too_large("a barrier of " + std::to_string(parties) + ": a program has 4,095 processes at most");
    }
    cell_hold made = make_cell(cell_sort::barrier);
    channel::cell_port& port = *made.get();
    port.cell().barrier().parties.set(static_cast<std::uint32_t>(parties));
    port.memory().cells().open(port.id());
    return made;
}

namespace {

[[noreturn]] void throw_broken(channel::cell_port& port) {
    const shm::barrier_cell& barrier = port.cell().barrier();
    const actor_id who{barrier.breaker.get()};
    const shm::program_memory& memory = port.memory();
    const std::uint64_t end = barrier.end.get();
    std::optional<exit_status> status;
    if (end != 0) status = memory.ends().as_told(who, end);
    throw broken_barrier(status ? memory.processes().described_as_ended(who) : memory.processes().described(who),
                         std::move(status));
}

}  // namespace

barrier_wait::~barrier_wait() {
    if (arrived_ && hold_.here() != nullptr) leave();
}

// Returns whether it was the last one.
bool barrier_wait::arrive() {
    channel::cell_port& port = *hold_.get();
    shm::barrier_cell& barrier = port.cell().barrier();
    if (port.sleepers() != 0) {
        throw misuse("this process has arrived at the barrier already, and a process arrives once a round");
    }
    port.account();
    port.add_sleeper();
    TROUPE_STEP("barrier: about to arrive");
    for (;;) {
        const shm::barrier_value now = barrier.word.get();
        if (now.broken) {
            port.remove_sleeper();
            throw_broken(port);
        }
        const bool last = now.arrived + 1 == barrier.parties.get();
        const shm::barrier_value with{now.round + (last ? 1 : 0), last ? 0 : now.arrived + 1, false};
        // crash: arrived; the keeper breaks the barrier, and rings where the round was complete
        if (!barrier.word.swap(now, with)) continue;
        TROUPE_STEP("barrier: arrived");
        round_ = now.round;
        if (!last) {
            arrived_ = true;
            return false;
        }
        port.here().notify_all(port.cell().waiting);
        port.remove_sleeper();
        return true;
    }
}

readiness barrier_wait::glance() noexcept {
    const shm::barrier_value now = hold_.get()->cell().barrier().word.get();
    return now.round != round_ || now.broken ? readiness::ready : readiness::nothing;
}

bool barrier_wait::try_finish() {
    if (!arrived_) return arrive();
    channel::cell_port& port = *hold_.get();
    const shm::barrier_value now = port.cell().barrier().word.get();
    // The round first: one that is complete is not broken.
    if (now.round == round_ && !now.broken) return false;
    arrived_ = false;
    port.remove_sleeper();
    if (now.round == round_) throw_broken(port);
    return true;
}

void barrier_wait::enlist() {
    channel::cell_port& port = *hold_.get();
    port.all().wait(*this);
    in_crowd_ = port.cell().barrier().parties.get() > port.memory().header().usable_cpus;
    if (in_crowd_) port.here().traffic().join_crowd();
}

void barrier_wait::abandon() noexcept {
    if (in_crowd_) hold_.get()->here().traffic().leave_crowd();
    hold_.get()->all().leave(*this);
    if (arrived_) leave();
}

// It gives up. That comes too late where all have arrived meanwhile.
void barrier_wait::leave() noexcept {
    channel::cell_port& port = *hold_.get();
    arrived_ = false;
    port.remove_sleeper();
    if (port.cell().barrier().break_in(round_, port.here().actor().value, 0)) {
        TROUPE_STEP("barrier: given up");
        port.here().notify_all(port.cell().waiting);
    }
}

}  // namespace troupe::detail
