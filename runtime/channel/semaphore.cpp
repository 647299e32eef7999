// The compiled core of semaphores.
#include <troupe/error.hpp>
#include <troupe/semaphore.hpp>

#include <string>

#include "base/step.hpp"
#include "channel/cell_port.hpp"
#include "shm/permit_line.hpp"

namespace troupe::channel {

// After permits came back: whoever is at the turnstile looks again. It says that it sleeps, and looks once more; here
// the permits come first, and then the look at that. One of the two sees the other.
static void ring_turnstile(cell_port& port) noexcept {
    if (!port.cell().semaphore().sleeps.get()) return;
    if (const shm::place_number gate = port.line().seen().gate) port.here().notify(gate.slot());
}

void return_permits(cell_port& port) noexcept {
    const shm::place_number account = port.known_account();
    if (!account) return;
    shm::permit_line(port.cell(), port.memory().cells()).give_back_all(account);
    ring_turnstile(port);
}

}  // namespace troupe::channel

namespace troupe::detail {
namespace {

constexpr const char* noun = "this semaphore";

shm::permit_line permits_of(channel::cell_port& port) noexcept { return {port.cell(), port.memory().cells()}; }

shm::taking taken_as(permit_use use) noexcept {
    return use == permit_use::to_hold ? shm::taking::to_hold : shm::taking::for_good;
}

std::string too_many() { return "a semaphore has 1,048,575 (2^20 - 1) permits at most"; }

}  // namespace

cell_hold make_semaphore(std::uint32_t permits) {
    channel::participant::here();
    if (permits > shm::most_permits) throw too_large(too_many());
    cell_hold made = make_cell(cell_sort::semaphore);
    channel::cell_port& port = *made.get();
    port.cell().semaphore().permits.begin(permits);
    port.memory().cells().open(port.id());
    return made;
}

void check_permits(const cell_hold& hold, std::uint32_t many) {
    hold.checked(noun);
    if (many == 0) throw misuse("0 permits of a semaphore: take or give at least one");
    if (many > shm::most_permits) throw too_large(too_many());
}

bool try_acquire(const cell_hold& hold, std::uint32_t many, permit_use use) {
    check_permits(hold, many);
    channel::cell_port& port = *hold.get();
    if (port.line().seen().gate) return false;
    return permits_of(port).take(port.account(), many, taken_as(use));
}

void release_permits(const cell_hold& hold, std::uint32_t many) {
    check_permits(hold, many);
    channel::cell_port& port = *hold.get();
    if (!permits_of(port).give(port.account(), many)) throw too_large(too_many());
    channel::ring_turnstile(port);
}

std::uint32_t free_permits(const cell_hold& hold) { return permits_of(hold.checked(noun)).free(); }

bool permit_wait::take() { return permits_of(port()).take(port().account(), many_, taken_as(use_)); }

bool permit_wait::try_finish() {
    if (done_) return true;
    if (!has_it()) {
        // Nobody overtakes: the line is looked at before the permits.
        if (place() == 0 && !port().line().seen().gate && take()) return done_ = true;
        if (!lock_wait::try_finish()) return false;
    }
    if (permits_of(port()).free() < many_ || !take()) return false;
    TROUPE_STEP("semaphore: taken at the turnstile");
    done_ = true;
    pass_on();
    return true;
}

void permit_wait::abandon() noexcept {
    lock_wait::abandon();
    if (has_it()) pass_on();  // it gave up at the turnstile
}

readiness permit_wait::glance() noexcept {
    if (!has_it()) return lock_wait::glance();
    return permits_of(port()).free() >= many_ ? readiness::ready : readiness::nothing;
}

readiness permit_wait::fall_asleep() noexcept {
    if (!has_it()) return lock_wait::fall_asleep();
    // crash: it says that it sleeps; whoever is next at the turnstile says so itself
    port().cell().semaphore().sleeps.set();
    TROUPE_STEP("semaphore: asleep at the turnstile");
    return glance();
}

void permit_wait::awake() noexcept {
    if (!has_it()) return lock_wait::awake();
    port().cell().semaphore().sleeps.clear();
}

}  // namespace troupe::detail
