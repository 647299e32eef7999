#include "actor/crash_reports.hpp"

#include <chrono>
#include <csignal>
#include <string>

#include <troupe/exit_status.hpp>

#include "base/clock.hpp"
#include "loop/event_loop.hpp"

namespace troupe::actors {
namespace {

// Nobody meant it to end like this.
bool ended_badly(const exit_status& status) {
    if (!status.exception_type().empty() || status.hung() || status.limit() != limit_reached::none) return true;
    return status.signaled() && status.signal() != SIGTERM && status.signal() != SIGKILL;
}

constexpr std::chrono::milliseconds patience(100);  // with whoever reads stderr

}  // namespace

// Past the lock of a FILE. The program goes on where nobody reads it, and does not die of that either.
void crash_reports::say(const std::string& text) noexcept { out_.write(text, base::steady_clock::now() + patience); }

crash_reports::crash_reports(channel::participant& participant)
    : participant_(participant), crashes_seen_(participant.memory().header().crashes.get()) {
    loop::event_loop::current().enroll(*this);
}

crash_reports::~crash_reports() {
    poll();
    loop::event_loop::current().dismiss(*this);
    if (crashes_seen_ <= in_full_) return;
    say("troupe: " + std::to_string(crashes_seen_ - in_full_) + " of " + std::to_string(crashes_seen_) +
        " crashes were not reported one by one; `join`, `monitor` or a supervisor says how each actor ended\n");
}

bool crash_reports::poll() {
    const std::uint64_t crashes = participant_.memory().header().crashes.get();
    if (crashes == crashes_seen_) return false;
    crashes_seen_ = crashes;
    const std::uint32_t reached = participant_.memory().processes().reached();
    reported_.resize(reached);
    for (std::uint32_t slot = 0; slot < reached && in_full_ < most_in_full; ++slot) {
        look_at(static_cast<std::uint16_t>(slot));
    }
    if (crashes < 2 * counted_) return false;
    counted_ = crashes;
    say("troupe: " + std::to_string(crashes) + " actors have crashed by now; after the first " +
        std::to_string(most_in_full) + " they are counted\n");
    return false;  // nobody waits for it
}

void crash_reports::look_at(std::uint16_t slot) {
    const shm::process_slot& process = participant_.memory().process(slot);
    if (process.ending.word.get() == 0) return;
    const detail::actor_id actor = process.actor();
    const ending now{actor.value, process.ending.incarnation.get()};
    if (reported_[slot] == now) return;
    reported_[slot] = now;
    const exit_status status = participant_.memory().ends().last_of(actor);
    if (!ended_badly(status)) return;
    ++in_full_;
    say("troupe: " + participant_.memory().processes().described_as_ended(actor) + ' ' + report(status));
}

}  // namespace troupe::actors
