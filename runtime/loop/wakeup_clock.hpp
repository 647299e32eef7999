// The timers of a process whose loop is somebody else's, as a descriptor: it can be read when the earliest is due. It
// stands in libuv's set, so that the descriptor of that set tells of all that this process has to do.
#pragma once

#include "base/clock.hpp"
#include "base/owned_fd.hpp"

struct uv_loop_s;
struct uv_poll_s;

namespace troupe::loop {

class wakeup_clock {
public:
    // Throws std::system_error.
    explicit wakeup_clock(uv_loop_s* loop);
    ~wakeup_clock();
    wakeup_clock(const wakeup_clock&) = delete;
    wakeup_clock& operator=(const wakeup_clock&) = delete;

    // A time that has passed: at once. The greatest: never.
    void set(base::time_point until) noexcept;
    void set_to_now() noexcept { set(base::steady_clock::now()); }
    void stop() noexcept { set(base::time_point::max()); }

    int fd() const noexcept { return clock_.get(); }

private:
    base::owned_fd clock_;
    uv_poll_s* watch_;  // on the heap: libuv lets go of it a turn after it is closed
    base::time_point set_to_ = base::time_point::max();
};

}  // namespace troupe::loop
