#include "actor/fates.hpp"

#include <troupe/error.hpp>

#include "actor/own_process.hpp"
#include "loop/event_loop.hpp"

namespace troupe::actors {

void fates::watch(detail::actor_id actor) { station_.memory().process(actor.slot()).watchers.add(station_.slot()); }

void fates::enlist(detail::fate_wait& wait) {
    watch(wait.subject());
    waiting_.append(wait);
    if (!enrolled()) loop::event_loop::current().enroll(*this);
    wait.wake();  // it may have ended before this process was a watcher
}

void fates::leave(detail::fate_wait& wait) noexcept {
    waiting_.remove(wait);
    if (waiting_.empty()) loop::event_loop::current().dismiss(*this);
}

bool fates::glance() { return station_.memory().deaths() != deaths_seen_; }

bool fates::poll() {
    const std::uint64_t deaths = station_.memory().deaths();
    if (deaths == deaths_seen_) return false;
    deaths_seen_ = deaths;
    bool woke = false;
    waiting_.for_each([&](detail::fate_wait& one) {
        if (station_.memory().alive(one.subject())) return;
        one.wake();
        woke = true;
    });
    return woke;
}

}  // namespace troupe::actors

namespace troupe::detail {

bool fate_wait::try_finish() {
    auto& process = actors::own_process::here();
    if (!actor_) throw misuse("this reference names no actor: it was default-constructed");
    const auto status = process.memory().status_of(actor_);
    if (!status) return false;
    status_ = *status;
    return true;
}

void fate_wait::enlist() { actors::own_process::here().fates().enlist(*this); }
void fate_wait::abandon() noexcept { actors::own_process::here().fates().leave(*this); }

}  // namespace troupe::detail
