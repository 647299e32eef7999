#include "actor/exit_watch.hpp"

#include <troupe/error.hpp>

#include "actor/own_process.hpp"
#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"

namespace troupe::actors {

void exit_watch::watch(detail::actor_id actor) {
    participant_.memory().process(actor.slot()).watchers.add(participant_.slot());
}

void exit_watch::enlist(detail::exit_wait& wait) {
    watch(wait.subject());
    if (!enrolled()) loop::event_loop::current().enroll(*this);
    waiting_.append(wait);
    wait.wake();  // it may have ended before this process was a watcher
}

void exit_watch::leave(detail::exit_wait& wait) noexcept {
    waiting_.remove(wait);
    if (waiting_.empty()) loop::event_loop::current().dismiss(*this);
}

bool exit_watch::glance() { return deaths_.changed(); }

void exit_watch::describe(loop::wait_notes& into) const noexcept {
    for (const detail::exit_wait* one = waiting_.first(); one != nullptr; one = one->next_waiting) {
        if (!into.add(*one, {.kind = base::waiting_kind::end, .of = one->subject().value})) return;
    }
}

bool exit_watch::poll() {
    if (!deaths_.notice()) return false;
    bool woke = false;
    waiting_.for_each([&](detail::exit_wait& one) {
        if (participant_.memory().processes().is_alive(one.subject())) return;
        one.wake();
        woke = true;
    });
    return woke;
}

}  // namespace troupe::actors

namespace troupe::detail {

bool exit_wait::try_finish() {
    auto& process = actors::own_process::here();
    if (!actor_) throw misuse("this reference names no actor: it was default-constructed");
    const auto status = process.memory().ends().of(actor_);
    if (!status) return false;
    status_ = *status;
    return true;
}

void exit_wait::enlist() { actors::own_process::here().exits().enlist(*this); }
void exit_wait::abandon() noexcept { actors::own_process::here().exits().leave(*this); }

}  // namespace troupe::detail
