#include <algorithm>

#include <troupe/error.hpp>
#include <troupe/time.hpp>

#include "base/clock.hpp"
#include "loop/event_loop.hpp"

namespace troupe::detail {

void arm(timer& one) { loop::event_loop::current().timers().arm(one); }

void disarm(timer& one) noexcept {
    if (one.armed()) loop::event_loop::current().timers().disarm(one);
}

void refuse_not_a_number() { throw misuse("this duration is not a number: a division by zero, perhaps"); }

base::time_point deadline_after(std::chrono::nanoseconds d) noexcept {
    const base::time_point now = base::steady_clock::now();
    if (d <= base::duration::zero()) return now;
    return d > base::time_point::max() - now ? base::time_point::max() : now + d;
}

bool sleep::try_finish() {
    if (until_ == base::time_point{}) {
        if (length_ <= base::duration::zero()) return true;
        until_ = deadline_after(length_);
        return false;
    }
    if (base::steady_clock::now() < until_) return false;
    if (length_ > base::duration::zero()) until_ = {};  // where it is awaited again, it counts anew
    return true;
}

void sleep::enlist() {
    alarm_.sleeper = this;
    alarm_.waiter = waiter();
    alarm_.deadline = until_;
    alarm_.due = [](timer& t) noexcept { static_cast<alarm&>(t).sleeper->wake(); };
    arm(alarm_);
}

void sleep::abandon() noexcept { disarm(alarm_); }

}  // namespace troupe::detail
