#include "loop/poll_wait.hpp"

#include <poll.h>

#include <utility>

#include "loop/event_loop.hpp"
#include "loop/uv_watch.hpp"

namespace troupe::loop {

bool poll_wait::try_finish() {
    if (seen_) return true;
    pollfd look{fd_, static_cast<short>(until_ == until::readable ? POLLIN : POLLOUT), 0};
    return ::poll(&look, 1, 0) > 0;
}

void poll_wait::enlist() {
    watch_ =
        open_watch(event_loop::current().uv(), fd_, until_ == until::readable ? UV_READABLE : UV_WRITABLE, &seen, this);
}

void poll_wait::abandon() noexcept { close_watch(std::exchange(watch_, nullptr)); }

void poll_wait::seen(uv_poll_s* watch, int, int) {
    // An error counts as seen: the read or write that follows reports it better.
    auto& self = *static_cast<poll_wait*>(watch->data);
    self.seen_ = true;
    uv_poll_stop(watch);
    self.wake();
}

}  // namespace troupe::loop
