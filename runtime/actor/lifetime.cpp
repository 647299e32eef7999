#include "actor/lifetime.hpp"

#include <cstdio>

#include <troupe/detail/birth.hpp>
#include <troupe/detail/branch.hpp>
#include <troupe/sync_wait.hpp>

#include "loop/event_loop.hpp"

namespace troupe::actors {

outcome wind_up(own_process& here, int code, bool failed) noexcept {
    const bool in_good_order = !failed && here.dying_of() == 0;
    try {
        if (!here.living_children().empty()) {
            task<> ending = here.end_children(in_good_order);
            here.obey(ending.promise());  // a signal ends this wait too
            sync_wait(std::move(ending));
        }
    } catch (...) {
        // Told to end while it waited for its children: then they are told as well.
        try {
            here.obey(nullptr);
            sync_wait(here.end_children(false));
        } catch (...) {
            // The keeper ends what is left of them when this process is gone.
        }
    }
    here.obey(nullptr);
    return {code, here.dying_of()};
}

}  // namespace troupe::actors

namespace troupe::detail {

int run_to_end(task<int> actor) {
    actors::own_process& here = actors::own_process::here();
    here.obey(actor.promise());
    branch_of<int> running(std::move(actor));
    detail::run_to_end(static_cast<branch&>(running));
    here.obey(nullptr);
    return running.result();
}

}  // namespace troupe::detail
