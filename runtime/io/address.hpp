// Addresses as they are written: `tcp:127.0.0.1:8080`, `tcp:[::1]:8080`, `tcp:example.org:80`, `udp:…` in the same way,
// and `unix:/run/x`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::io {

struct address {
    enum class kind : std::uint8_t { tcp, udp, local };

    kind what = kind::tcp;
    std::string host;        // a name or a number; without brackets
    std::uint16_t port = 0;  // 0: any, where that makes sense
    std::string path;        // of a local socket

    // Throws misuse, with an example, if it is none.
    static address parse(std::string_view text);
};

// Throws misuse if it is none. `port` as a user gave it.
std::uint16_t checked_port(int port);
// Throws misuse if a socket cannot have this path.
void check_path(const std::string& path);

}  // namespace troupe::io
