#include "loop/wakeup_clock.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/system_failure.hpp"
#include "loop/uv_watch.hpp"

namespace troupe::loop {
namespace {

base::owned_fd make_clock() {
    base::owned_fd clock(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!clock) throw base::system_failure(errno, "the timer of this process's wakeup_fd cannot be made");
    return clock;
}

// Nothing is read: what was due is forgotten when the clock is set again.
void leave_it(uv_poll_t*, int, int) {}

}  // namespace

wakeup_clock::wakeup_clock(uv_loop_s* loop)
    : clock_(make_clock()), watch_(open_watch(loop, clock_.get(), UV_READABLE, &leave_it, nullptr)) {
    // Where it stands at once, and not only when libuv comes to that.
    epoll_event readable{};
    readable.events = EPOLLIN;
    readable.data.fd = clock_.get();
    if (::epoll_ctl(uv_backend_fd(loop), EPOLL_CTL_ADD, clock_.get(), &readable) == 0) return;
    const int error = errno;
    close_watch(watch_);
    throw base::system_failure(error, "the timer of this process's wakeup_fd cannot be watched");
}

wakeup_clock::~wakeup_clock() { close_watch(watch_); }

void wakeup_clock::set(base::time_point until) noexcept {
    constexpr auto never = base::time_point::max();
    if (until == set_to_ && (until == never || until > base::steady_clock::now())) return;
    set_to_ = until;
    itimerspec once{};
    if (until != never) {
        // Zero would stop it.
        const auto when = std::max(until.time_since_epoch(), base::duration(1));
        const auto whole = std::chrono::duration_cast<std::chrono::seconds>(when);
        once.it_value.tv_sec = static_cast<time_t>(whole.count());
        once.it_value.tv_nsec = static_cast<long>((when - whole).count());
    }
    ::timerfd_settime(clock_.get(), TFD_TIMER_ABSTIME, &once, nullptr);
}

}  // namespace troupe::loop
