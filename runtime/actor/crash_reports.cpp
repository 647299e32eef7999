#include "actor/crash_reports.hpp"

#include <csignal>
#include <cstdio>
#include <string>

#include <troupe/exit_status.hpp>

#include "loop/event_loop.hpp"

namespace troupe::actors {
namespace {

// Nobody meant it to end like this.
bool ended_badly(const exit_status& status) {
    if (!status.exception_type().empty() || status.hung() || status.limit() != limit_reached::none) return true;
    return status.signaled() && status.signal() != SIGTERM && status.signal() != SIGKILL;
}

}  // namespace

crash_reports::crash_reports(channel::station& station) : station_(station), deaths_seen_(station.memory().deaths()) {
    loop::event_loop::current().enroll(*this);
}

crash_reports::~crash_reports() {
    poll();
    loop::event_loop::current().dismiss(*this);
}

bool crash_reports::poll() {
    const std::uint64_t deaths = station_.memory().deaths();
    if (deaths == deaths_seen_) return false;
    deaths_seen_ = deaths;
    const std::uint32_t reached = station_.memory().slots_reached();
    reported_.resize(reached);
    for (std::uint32_t slot = 0; slot < reached; ++slot) look_at(static_cast<std::uint16_t>(slot));
    return false;  // nobody waits for it
}

void crash_reports::look_at(std::uint16_t slot) {
    const shm::process_slot& process = station_.memory().process(slot);
    // sync: end text - observes how it ended
    if (process.ending.load(std::memory_order_acquire) == 0) return;
    const detail::actor_id actor = process.actor();
    // relaxed: observed through the ending
    const ending now{actor.value, process.ended.load(std::memory_order_relaxed)};
    if (reported_[slot] == now) return;
    reported_[slot] = now;
    const exit_status status = station_.memory().last_end(actor);
    if (!ended_badly(status)) return;
    const std::string name = station_.memory().name_of(actor);
    const std::string who = name.empty() ? "an actor" : "actor '" + name + '\'';
    std::fprintf(stderr, "troupe: %s %s", who.c_str(), report(status).c_str());
}

}  // namespace troupe::actors
