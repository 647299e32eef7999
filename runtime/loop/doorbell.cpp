#include "loop/doorbell.hpp"

#include <unistd.h>

#include <cstdint>

#include "loop/uv_watch.hpp"

namespace troupe::loop {

doorbell::doorbell(uv_loop_s* loop, int fd, void (*rung)())
    : watch_(open_watch(loop, fd, UV_READABLE, &answer, this)), fd_(fd), rung_(rung) {}

doorbell::~doorbell() { close_watch(watch_); }

void doorbell::answer(uv_poll_s* watch, int, int) {
    const auto& self = *static_cast<const doorbell*>(watch->data);
    // Drained first: a ring that comes after `rung` has counted the wake-up must stay in the descriptor.
    std::uint64_t rings = 0;
    const ssize_t drained = ::read(self.fd_, &rings, sizeof rings);
    if (drained == sizeof rings && self.rung_ != nullptr) self.rung_();
}

}  // namespace troupe::loop
