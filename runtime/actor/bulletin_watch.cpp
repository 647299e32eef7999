#include "actor/bulletin_watch.hpp"

#include <utility>

#include "actor/own_process.hpp"
#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"

namespace troupe::actors {

void bulletin_watch::wait(detail::bulletin_reader& one) {
    if (waiting_.empty()) {
        loop::event_loop::current().enroll(*this);
        participant_.memory().header().bulletin.readers.add(participant_.slot());
    }
    waiting_.append(one);
    one.whom->wake();  // there may have been a change before this process was a reader
}

void bulletin_watch::leave(detail::bulletin_reader& one) noexcept {
    waiting_.remove(one);
    if (!waiting_.empty()) return;
    participant_.memory().header().bulletin.readers.remove(participant_.slot());
    loop::event_loop::current().dismiss(*this);
}

bool bulletin_watch::glance() { return participant_.memory().header().bulletin.changes() != seen_; }

void bulletin_watch::describe(loop::wait_notes& into) const noexcept {
    for (const detail::bulletin_reader* one = waiting_.first(); one != nullptr; one = one->next_waiting) {
        if (!into.add(*one->whom, {.kind = base::waiting_kind::change})) return;
    }
}

bool bulletin_watch::poll() {
    const std::uint64_t now = participant_.memory().header().bulletin.changes();
    if (std::exchange(seen_, now) == now) return false;
    waiting_.for_each([](detail::bulletin_reader& one) { one.whom->wake(); });
    return true;
}

}  // namespace troupe::actors

namespace troupe::detail {

void bulletin_reader::heed() { actors::own_process::here().bulletin().wait(*this); }
void bulletin_reader::heed_no_more() noexcept { actors::own_process::here().bulletin().leave(*this); }

}  // namespace troupe::detail
