#include <troupe/ticks.hpp>

#include <sys/timerfd.h>
#include <time.h>

#include <cerrno>
#include <cstdint>

#include <troupe/error.hpp>
#include <troupe/readiness.hpp>

#include "base/clock.hpp"
#include "base/owned_fd.hpp"
#include "base/system_failure.hpp"

namespace troupe {

using std::chrono::nanoseconds;

ticks::ticks(nanoseconds period) : period_(period) {
    if (period <= nanoseconds::zero()) {
        throw misuse("ticks that are " + std::to_string(period.count()) +
                     " ns apart never let anything else run: the period must be longer than zero");
    }
    due_ = detail::deadline_after(period);
}

namespace detail {

bool tick_wait::try_finish() {
    const base::time_point now = base::steady_clock::now();
    if (now < of_->due_) {
        if (alarm_.waiting != nullptr) set_alarm();  // another wait has had the tick that this one was woken for
        return false;
    }
    const nanoseconds period = of_->period_;
    const auto missed = (now - of_->due_) / period;
    missed_ = static_cast<std::uint64_t>(missed);
    of_->due_ += missed * period;  // no later than now
    of_->due_ = period > base::time_point::max() - of_->due_ ? base::time_point::max() : of_->due_ + period;
    return true;
}

void tick_wait::set_alarm() {
    if (alarm_.armed()) disarm(alarm_);
    alarm_.deadline = of_->due_;
    arm(alarm_);
}

void tick_wait::enlist() {
    alarm_.waiting = this;
    alarm_.waiter = waiter();
    alarm_.due = [](timer& t) noexcept { static_cast<alarm&>(t).waiting->wake(); };
    set_alarm();
}

void tick_wait::abandon() noexcept { disarm(alarm_); }

namespace {

base::owned_fd clock_that_follows(nanoseconds when) {
    base::owned_fd clock(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!clock) throw base::system_failure(errno, "a clock for troupe::at cannot be made");
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(when);
    itimerspec once{};
    once.it_value.tv_sec = static_cast<time_t>(whole.count());
    once.it_value.tv_nsec = static_cast<long>((when - whole).count());
    // Ready when it is time, and whenever the clock was set.
    if (::timerfd_settime(clock.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &once, nullptr) != 0) {
        throw base::system_failure(errno, "a clock for troupe::at cannot be set");
    }
    return clock;
}

bool has_come(nanoseconds when) noexcept { return std::chrono::system_clock::now().time_since_epoch() >= when; }

}  // namespace

task<> wait_until(nanoseconds since_epoch) {
    while (!has_come(since_epoch)) {
        const base::owned_fd clock = clock_that_follows(since_epoch);
        co_await readable(clock.get());
    }
}

}  // namespace detail
}  // namespace troupe
