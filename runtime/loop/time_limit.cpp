#include <troupe/error.hpp>
#include <troupe/time.hpp>

#include <utility>

namespace troupe::detail {

void time_limit::begin(promise_base& awaiting) {
    last_turn_.limit = this;
    last_turn_.run = [](work& w) noexcept { static_cast<last_turn&>(w).limit->expire(); };
    alarm_.limit = this;
    alarm_.waiter = &awaiting;
    alarm_.deadline = deadline_after(length_);
    alarm_.due = [](timer& t) noexcept {
        last_turn& next = static_cast<alarm&>(t).limit->last_turn_;
        next.due = true;
        ready.push_back(next);
    };
    arm(alarm_);  // may throw: nothing has begun
    gathering::begin(awaiting);
}

void time_limit::expire() noexcept {
    last_turn_.due = false;
    expired_ = true;
    cancel_branches();
}

void time_limit::done(branch& ended) noexcept {
    disarm(alarm_);
    if (std::exchange(last_turn_.due, false)) ready_queue::unlink(last_turn_);
    gathering::done(ended);
}

void time_limit::conclude(const branch& limited) const {
    if (expired_ && !was_cancelled() && limited.failed_as_cancelled()) throw timed_out();
}

}  // namespace troupe::detail
