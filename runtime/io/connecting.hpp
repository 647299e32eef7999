// The making of a connection.
#pragma once

#include <chrono>

#include <troupe/socket.hpp>
#include <troupe/task.hpp>

#include "io/address.hpp"

namespace troupe::io {

// Every endpoint of the address in turn. As long as others are left to be tried, one is given its share of the time.
task<socket> connect(address to, std::chrono::nanoseconds timeout);

// Small writes are sent at once: whoever writes in many small pieces does better to put them together.
void send_at_once(int fd) noexcept;

}  // namespace troupe::io
