#include "io/bound.hpp"

#include <sys/socket.h>

#include <cerrno>

#include <troupe/error.hpp>

#include "io/failure.hpp"

namespace troupe::io {
namespace {

void set(int fd, int level, int option) noexcept {
    const int on = 1;
    ::setsockopt(fd, level, option, &on, sizeof on);
}

std::string advice_for_bind(int error, int family) {
    if (error == EACCES && family == AF_UNIX) {
        return "the user of this process has no right to write to its directory; take a path in another one";
    }
    if (error == EACCES) return "ports below 1024 are the system administrator's; take a higher one, or 0 for any";
    return advice_for(error);
}

}  // namespace

endpoint endpoint_here(const std::string& host, int port) {
    const endpoint here = endpoint::numeric(host == "localhost" ? "127.0.0.1" : host, checked_port(port));
    if (here) return here;
    throw misuse("'" + host.substr(0, 100) +
                 "' is no address of this machine: write it as a number, such as 127.0.0.1, ::1, or 0.0.0.0 for all");
}

// A port whose former connections are still dying away can be taken at once: SO_REUSEADDR. For datagrams it would mean
// to share the port.
descriptor bind_socket(const endpoint& here, int type, sharing sharing) {
    const std::string what = (type == SOCK_STREAM ? "nobody can listen at " : "no datagram socket can be made at ") +
                             here.text(type == SOCK_STREAM ? "tcp" : "udp");
    const int fd = ::socket(here.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) throw failure(what, errno);
    descriptor made(fd);
    if (type == SOCK_STREAM && here.family() != AF_UNIX) set(fd, SOL_SOCKET, SO_REUSEADDR);
    if (sharing == sharing::reuse_port) set(fd, SOL_SOCKET, SO_REUSEPORT);
    if (::bind(fd, here.get(), here.length()) != 0) {
        const int error = errno;
        throw failure(what, error, advice_for_bind(error, here.family()));
    }
    return made;
}

}  // namespace troupe::io
