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

// The end of the program may have a budget; that of an actor has the one of whoever ends it. As in the keeper
// (keeper/time.cpp), the time for which the whole program stood still does not count: a sleep that took far longer than
// was asked for is how long that was.
class remaining {
public:
    explicit remaining(std::chrono::nanoseconds budget) noexcept : left_(budget), limited_(budget.count() != 0) {}

    // Throws timed_out when the budget is over.
    template <class X>
    void wait_for(X x) {
        if (!limited_) {
            sync_wait(std::move(x));
        } else if (sync_wait(when_any(std::move(x), spend())).index() != 0) {
            throw timed_out();
        }
    }

private:
    // Taken off what is left, also where the sleep is cut short.
    struct tick {
        std::chrono::nanoseconds& left;
        std::chrono::nanoseconds length = std::min(left, keepers::tick_of(left));
        base::time_point began = base::steady_clock::now();
        ~tick() {
            left -=
                std::min<std::chrono::nanoseconds>(base::steady_clock::now() - began, length + keepers::usual_lateness);
        }
    };
    task<> spend() {
        while (left_.count() > 0) {
            const tick one{left_};
            co_await sleep_for(one.length);
        }
    }

    std::chrono::nanoseconds left_;
    bool limited_;
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
    remaining budget(end_budget);
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
