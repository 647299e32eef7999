// The doorbell: an eventfd that other processes write to when they filled something whose reader is parked. It is
// watched through uv_poll, not uv_async, whose wake-up spins.
//
// Its number is of no use, only that it was written to, so that draining it at each wake-up is a system call too many.
// libuv reports levels; at the first ring, when it has surely registered the descriptor, the registration is changed to
// report edges. Where that fails each ring is drained. A round trip on one CPU takes 10 % less so.
#pragma once

#include <utility>

struct uv_loop_s;
struct uv_poll_s;

namespace troupe::loop {

class host;

class doorbell {
public:
    // The descriptor stays the caller's, is non-blocking, and outlives this. The host hears that it was rung when the
    // rings until then are taken, before the loop looks at anything.
    doorbell(uv_loop_s* loop, int fd, host& of);
    doorbell(const doorbell&) = delete;
    doorbell& operator=(const doorbell&) = delete;
    ~doorbell();

    // Whether rings were taken since it was last asked.
    bool take_rung() noexcept { return std::exchange(rung_, false); }

private:
    static void answer(uv_poll_s* watch, int status, int events);

    uv_poll_s* watch_;  // on the heap: libuv lets go of it a turn after it is closed
    int fd_;
    host& of_;
    bool rung_ = false;
    bool edges_ = false;  // are reported, and nothing is drained
};

}  // namespace troupe::loop
