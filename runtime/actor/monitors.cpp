#include "actor/monitors.hpp"

#include <algorithm>

#include <troupe/down.hpp>
#include <troupe/error.hpp>
#include <troupe/mailbox.hpp>

#include "actor/own_process.hpp"
#include "channel/lone_inbox.hpp"
#include "loop/event_loop.hpp"

namespace troupe::actors {

void monitors::add(detail::actor_id actor, channel::lone_inbox& mailbox) {
    if (!actor) throw misuse("this reference names no actor: it was default-constructed");
    mailbox_ = &mailbox;
    participant_.memory().process(actor.slot()).watchers.add(participant_.slot());
    // Looked at after this process became a watcher: it may have ended before.
    if (participant_.memory().ends().of(actor)) return tell(actor);
    watched_.push_back(actor);
    if (!enrolled()) loop::event_loop::current().enroll(*this);
}

bool monitors::remove(detail::actor_id actor) noexcept {
    const auto found = std::find(watched_.begin(), watched_.end(), actor);
    if (found == watched_.end()) return false;
    watched_.erase(found);
    if (watched_.empty()) loop::event_loop::current().dismiss(*this);
    return true;
}

void monitors::tell(detail::actor_id ended) {
    const exit_status status = participant_.memory().ends().of(ended).value_or(exit_status::from_nothing());
    mailbox_->put_own(detail::type_id<down>(), detail::encoded(down{detail::refer::to<actor<>>(ended), status}));
}

bool monitors::glance() { return deaths_.changed(); }

bool monitors::poll() {
    if (!deaths_.notice()) return false;
    std::vector<detail::actor_id> ended;
    std::erase_if(watched_, [&](detail::actor_id one) {
        if (participant_.memory().processes().is_alive(one)) return false;
        ended.push_back(one);
        return true;
    });
    if (watched_.empty()) loop::event_loop::current().dismiss(*this);
    for (const detail::actor_id one : ended) tell(one);
    return !ended.empty();
}

}  // namespace troupe::actors

namespace troupe::detail {

void monitor(actor_id actor) {
    actors::own_process::here().monitors().add(actor, actors::own_process::here().needed_mailbox());
}
bool unmonitor(actor_id actor) noexcept { return actors::own_process::here().monitors().remove(actor); }

}  // namespace troupe::detail
