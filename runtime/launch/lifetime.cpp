#include "launch/lifetime.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <troupe/detail/birth.hpp>
#include <troupe/detail/branch.hpp>
#include <troupe/error.hpp>
#include <troupe/sync_wait.hpp>
#include <troupe/time.hpp>
#include <troupe/when.hpp>

#include "base/say.hpp"
#include "keeper/ticks.hpp"
#include "loop/event_loop.hpp"

namespace troupe::launch {

namespace {

// The end of the program may have a budget; that of an actor has the one of whoever ends it.
class remaining {
public:
    explicit remaining(std::chrono::nanoseconds budget) noexcept
        : end_(budget.count() == 0 ? base::time_point::max() : keepers::later(base::steady_clock::now(), budget)) {}

    // Throws timed_out when the budget is over.
    template <class X>
    void wait_for(X x) const {
        if (end_ == base::time_point::max()) {
            sync_wait(std::move(x));
        } else {
            const auto left = end_ - base::steady_clock::now();
            sync_wait(with_timeout(std::max(left, std::chrono::nanoseconds(0)), std::move(x)));
        }
    }

private:
    base::time_point end_;
};

// Says on stderr who still lives.
void name_survivors(const shm::program_memory& memory) noexcept {
    for (std::uint32_t i = 1; i < memory.processes().reached(); ++i) {
        const shm::process_slot& process = memory.process(static_cast<std::uint16_t>(i));
        const detail::actor_id actor = process.actor();
        if (!actor || !memory.processes().is_alive(actor) || process.present().state != shm::process_state::running)
            continue;
        base::say("actor '%s' (pid %d) has not ended within run_options::end_budget; it is killed", process.who.name,
                  static_cast<int>(process.pid.get()));
    }
}

}  // namespace

outcome wind_up(actors::own_process& here, std::chrono::nanoseconds end_budget, int code, bool failed) noexcept {
    const remaining budget(end_budget);
    try {
        if (!here.background().idle()) budget.wait_for(here.background().end_all());
        const bool in_good_order = !failed && here.dying_of() == 0;
        if (here.children().living().empty()) return {code, here.dying_of()};
        // A child that sends to this actor, or asks it, must not wait for somebody who waits for it.
        try {
            budget.wait_for(when_any(here.children().end(in_good_order), here.refuse_mail()));
        } catch (const timed_out&) {
            throw;
        } catch (...) {
            // Told to end while it waited for its children: then they are told as well.
            budget.wait_for(when_any(here.children().end(false), here.refuse_mail()));
        }
    } catch (const timed_out&) {
        name_survivors(here.memory());
    } catch (...) {
    }
    // The keeper ends what is left of them when this process is gone.
    return {code, here.dying_of()};
}

}  // namespace troupe::launch

namespace troupe::detail {

int run_to_end(task<int> actor) {
    branch_of<int> running(std::move(actor));
    detail::run_to_end(static_cast<branch&>(running));
    return running.result();
}

}  // namespace troupe::detail
