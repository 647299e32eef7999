#include "loop/doorbell.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cstdint>

#include "loop/host.hpp"
#include "loop/uv_watch.hpp"

namespace troupe::loop {
namespace {

// What libuv registered, and edge-triggered. False: it stays as it was.
bool report_edges(const uv_loop_t* loop, int fd) noexcept {
    epoll_event registered{};
    registered.events = EPOLLIN | EPOLLET;
    registered.data.fd = fd;
    return ::epoll_ctl(uv_backend_fd(loop), EPOLL_CTL_MOD, fd, &registered) == 0;
}

}  // namespace

doorbell::doorbell(uv_loop_s* loop, int fd, host& of)
    : watch_(open_watch(loop, fd, UV_READABLE, &answer, this)), fd_(fd), of_(of) {}

doorbell::~doorbell() { close_watch(watch_); }

// A ring that comes after the host has counted the wake-up must be heard again. So the rings until now are taken first:
// by draining, or, where edges are reported, by epoll_wait.
void doorbell::answer(uv_poll_s* watch, int, int) {
    auto& self = *static_cast<doorbell*>(watch->data);
    if (!self.edges_) {
        std::uint64_t rings = 0;
        if (::read(self.fd_, &rings, sizeof rings) != sizeof rings) return;
        self.edges_ = report_edges(watch->loop, self.fd_);
    }
    self.rung_ = true;
    self.of_.rung();
}

}  // namespace troupe::loop
