// Messages with descriptors over a local socket that keeps their boundaries.
#pragma once

#include <cstddef>
#include <span>

#include "base/owned_fd.hpp"

namespace troupe::process {

inline constexpr std::size_t most_descriptors = 4;

struct socket_pair {
    base::owned_fd first, second;
};
// Both ends close on exec. Throws std::system_error.
socket_pair make_socket_pair();

// Async-signal-safe. False when the other end is gone or, with `wait` false, when there is no room.
bool send_message(int socket, std::span<const std::byte> bytes, std::span<const int> descriptors,
                  bool wait = true) noexcept;

struct received {
    std::ptrdiff_t bytes = -1;  // 0: the other end is gone; negative: nothing there (or an error)
    std::size_t descriptor_count = 0;
    base::owned_fd descriptors[most_descriptors];
    int error = 0;
};
received receive_message(int socket, std::span<std::byte> into, bool wait) noexcept;

}  // namespace troupe::process
