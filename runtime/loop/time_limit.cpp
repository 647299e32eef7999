#include <troupe/error.hpp>
#include <troupe/time.hpp>

namespace troupe::detail {

void time_limit::begin(promise_base& awaiting) noexcept {
    alarm_.limit = this;
    alarm_.waiter = &awaiting;
    alarm_.deadline = deadline_after(length_);
    alarm_.due = [](timer& t) noexcept {
        time_limit& limit = *static_cast<alarm&>(t).limit;
        limit.expired_ = true;
        limit.cancel_branches();
    };
    arm(alarm_);
    gathering::begin(awaiting);
}

void time_limit::done(branch& ended) noexcept {
    disarm(alarm_);
    gathering::done(ended);
}

void time_limit::conclude(const branch& limited) const {
    if (expired_ && !was_cancelled() && limited.failed_as_cancelled()) throw timed_out();
}

}  // namespace troupe::detail
