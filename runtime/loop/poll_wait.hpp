// Waits until a descriptor is readable or writable (a pidfd: until its process has ended). Takes nothing from it.
// One wait for a descriptor at a time; std::system_error otherwise, and when it cannot be watched (a plain file).
#pragma once

#include <troupe/detail/wait.hpp>

#include <cstdint>

struct uv_poll_s;

namespace troupe::loop {

class [[nodiscard]] poll_wait final : public detail::wait {
public:
    enum class until : std::uint8_t { readable, writable };

    // The descriptor stays open until the await has ended.
    poll_wait(int fd, until what) noexcept : fd_(fd), until_(what) {}
    void await_resume() const { throw_if_failed(); }

private:
    static void seen(uv_poll_s* watch, int status, int events);
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;

    uv_poll_s* watch_ = nullptr;
    int fd_;
    until until_;
    bool seen_ = false;
};

}  // namespace troupe::loop
