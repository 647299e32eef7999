// An endpoint: an address as the system's calls take it.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "io/address.hpp"

namespace troupe::io {

class endpoint {
public:
    endpoint() noexcept = default;
    endpoint(const sockaddr* address, socklen_t length) noexcept;
    static endpoint local(const std::string& path) noexcept;  // one that check_path lets pass
    // Of a number, such as 127.0.0.1 or ::1, without a look-up. Empty if the host is a name.
    static endpoint numeric(const std::string& host, std::uint16_t port);

    explicit operator bool() const noexcept { return length_ != 0; }
    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&address_); }
    socklen_t length() const noexcept { return length_; }
    int family() const noexcept { return address_.ss_family; }

    // As it is written; `scheme` is tcp or udp for what is not local.
    std::string text(const char* scheme) const;

    // For a call that fills an endpoint in.
    sockaddr* room() noexcept {
        length_ = sizeof address_;
        return reinterpret_cast<sockaddr*>(&address_);
    }
    socklen_t* room_length() noexcept { return &length_; }

private:
    sockaddr_storage address_{};
    socklen_t length_ = 0;
};

// Of a socket: its own, and its peer's. Empty where there is none.
endpoint own_endpoint(int fd) noexcept;
endpoint peer_endpoint(int fd) noexcept;

}  // namespace troupe::io
