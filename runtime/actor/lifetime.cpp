#include "actor/lifetime.hpp"

#include <cstdio>

#include <troupe/detail/birth.hpp>
#include <troupe/detail/branch.hpp>
#include <troupe/sync_wait.hpp>
#include <troupe/when.hpp>

#include "loop/event_loop.hpp"

namespace troupe::actors {

outcome wind_up(own_process& here, int code, bool failed) noexcept {
    if (!here.background().idle()) sync_wait(here.background().end_all());
    const bool in_good_order = !failed && here.dying_of() == 0;
    if (!here.living_children().empty()) {
        // A child that sends to this actor, or asks it, must not wait for somebody who waits for it.
        try {
            sync_wait(when_any(here.end_children(in_good_order), here.refuse_mail()));
        } catch (...) {
            // Told to end while it waited for its children: then they are told as well.
            try {
                sync_wait(when_any(here.end_children(false), here.refuse_mail()));
            } catch (...) {
                // The keeper ends what is left of them when this process is gone.
            }
        }
    }
    return {code, here.dying_of()};
}

}  // namespace troupe::actors

namespace troupe::detail {

int run_to_end(task<int> actor) {
    branch_of<int> running(std::move(actor));
    detail::run_to_end(static_cast<branch&>(running));
    return running.result();
}

}  // namespace troupe::detail
