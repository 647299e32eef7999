// A socket that is bound to an address of this machine.
#pragma once

#include <cstdint>
#include <string>

#include <troupe/descriptor.hpp>

#include "io/endpoint.hpp"

namespace troupe::io {

enum class sharing : std::uint8_t { alone, reuse_port };

// An address of this machine that a user gave as a number, or as localhost. Throws misuse if it is none.
endpoint endpoint_here(const std::string& host, int port);

// Non-blocking. `type` is SOCK_STREAM or SOCK_DGRAM. Throws io_failed.
descriptor bind_socket(const endpoint& here, int type, sharing sharing);

}  // namespace troupe::io
