#include "io/endpoint.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace troupe::io {

endpoint::endpoint(const sockaddr* address, socklen_t length) noexcept
    : length_((std::min)(length, socklen_t{sizeof address_})) {
    std::memcpy(&address_, address, length_);
}

endpoint endpoint::local(const std::string& path) noexcept {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return {reinterpret_cast<const sockaddr*>(&address),
            static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1)};
}

// The C library reads numbers, with the zone of an IPv6 number, without asking anybody.
endpoint endpoint::numeric(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return {};
    const endpoint made(found->ai_addr, found->ai_addrlen);
    ::freeaddrinfo(found);
    return made;
}

std::string endpoint::text(const char* scheme) const {
    if (family() == AF_UNIX) {
        const auto& address = reinterpret_cast<const sockaddr_un&>(address_);
        const std::size_t most = length_ - (std::min)(std::size_t{length_}, offsetof(sockaddr_un, sun_path));
        const std::size_t length = strnlen(address.sun_path, most);
        return "unix:" + std::string(address.sun_path, length);
    }
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (length_ == 0 ||
        ::getnameinfo(get(), length_, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return std::string(scheme) + ":?";
    }
    const bool brackets = family() == AF_INET6;
    return std::string(scheme) + (brackets ? ":[" : ":") + host + (brackets ? "]:" : ":") + port;
}

endpoint own_endpoint(int fd) noexcept {
    endpoint own;
    return ::getsockname(fd, own.room(), own.room_length()) == 0 ? own : endpoint();
}

endpoint peer_endpoint(int fd) noexcept {
    endpoint peer;
    return ::getpeername(fd, peer.room(), peer.room_length()) == 0 ? peer : endpoint();
}

}  // namespace troupe::io
