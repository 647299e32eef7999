#include "actor/monitors.hpp"

#include <algorithm>

#include <troupe/down.hpp>
#include <troupe/error.hpp>
#include <troupe/mailbox.hpp>

#include "actor/own_process.hpp"
#include "channel/lone_inbox.hpp"
#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"
#include "shm/shared_text.hpp"

namespace troupe::actors {

void monitors::add(detail::actor_id actor, channel::lone_inbox& mailbox, telling what) {
    if (!actor) throw misuse("this reference names no actor: it was default-constructed");
    mailbox_ = &mailbox;
    participant_.memory().process(actor.slot()).watchers.add(participant_.slot());
    // Looked at after this process became a watcher: it may have ended before.
    if (participant_.memory().ends().of(actor)) return tell(actor);
    if (!enrolled()) loop::event_loop::current().enroll(*this);  // which may throw, and then nothing was asked for
    watched_.push_back({actor, what, restarts_begun(actor), static_cast<std::uint32_t>(detail::ready.turn())});
    followed_ += what == telling::every_incarnation;
}

bool monitors::remove(detail::actor_id actor) noexcept {
    const auto found =
        std::find_if(watched_.begin(), watched_.end(), [actor](const watched& one) { return one.actor == actor; });
    if (found == watched_.end()) return false;
    followed_ -= found->what == telling::every_incarnation;
    watched_.erase(found);
    if (watched_.empty()) loop::event_loop::current().dismiss(*this);
    return true;
}

// Restarts whose process has got to its function, as far as that is sure. They are counted while the actor is down; the
// count is read first, so that the state is of this restart, or of a later one.
std::uint32_t monitors::restarts_begun(detail::actor_id actor) const noexcept {
    const shm::process_slot& slot = participant_.memory().process(actor.slot());
    const std::uint32_t restarts = slot.supervision.restarts.get();
    shm::has_read();
    return restarts - (restarts != 0 && slot.state_of(actor) != shm::process_state::running ? 1 : 0);
}

// The number of a restart that is to be told.
std::optional<std::uint32_t> monitors::untold(const watched& one) const noexcept {
    if (one.what != telling::every_incarnation) return std::nullopt;
    const shm::process_slot& slot = participant_.memory().process(one.actor.slot());
    const std::uint32_t restarts = slot.supervision.restarts.get();
    shm::has_read();
    if (restarts == one.restarts || slot.state_of(one.actor) != shm::process_state::running) return std::nullopt;
    return restarts;
}

void monitors::tell(detail::actor_id ended) {
    const exit_status status = participant_.memory().ends().of(ended).value_or(exit_status::from_nothing());
    mailbox_->put_own(detail::type_id<down>(), detail::encoded(down{detail::refer::to<actor<>>(ended), status}));
}

bool monitors::tell_restarts() {
    bool told = false;
    for (watched& one : watched_) {
        const auto restarts = untold(one);
        if (!restarts) continue;
        one.restarts = *restarts;
        const exit_status status = participant_.memory().ends().last_of(one.actor);
        mailbox_->put_own(detail::type_id<restarted>(),
                          detail::encoded(restarted{detail::refer::to<actor<>>(one.actor), one.restarts, status}));
        told = true;
    }
    return told;
}

bool monitors::glance() {
    if (deaths_.changed()) return true;
    return followed_ != 0 && std::any_of(watched_.begin(), watched_.end(),
                                         [this](const watched& one) { return untold(one).has_value(); });
}

// No coroutine of its own waits for these: they come into the mailbox.
void monitors::describe(loop::wait_notes& into) const noexcept {
    for (const watched& one : watched_) {
        if (!into.add(nullptr, one.since, {.kind = base::waiting_kind::end, .of = one.actor.value})) return;
    }
}

bool monitors::poll() {
    const bool told = followed_ != 0 && tell_restarts();
    if (!deaths_.notice()) return told;
    std::vector<detail::actor_id> ended;
    std::erase_if(watched_, [&](const watched& one) {
        if (participant_.memory().processes().is_alive(one.actor)) return false;
        followed_ -= one.what == telling::every_incarnation;
        ended.push_back(one.actor);
        return true;
    });
    if (watched_.empty()) loop::event_loop::current().dismiss(*this);
    for (const detail::actor_id one : ended) tell(one);
    return told || !ended.empty();
}

}  // namespace troupe::actors

namespace troupe::detail {

namespace {

void monitor(actor_id actor, actors::monitors::telling what) {
    actors::own_process& here = actors::own_process::here();
    here.monitors().add(actor, here.needed_mailbox(), what);
}

}  // namespace

void monitor(actor_id actor) { monitor(actor, actors::monitors::telling::end); }
void monitor_every_incarnation(actor_id actor) { monitor(actor, actors::monitors::telling::every_incarnation); }
bool unmonitor(actor_id actor) noexcept { return actors::own_process::here().monitors().remove(actor); }

}  // namespace troupe::detail
