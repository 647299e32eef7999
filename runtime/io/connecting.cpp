#include "io/connecting.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <troupe/error.hpp>
#include <troupe/readiness.hpp>
#include <troupe/time.hpp>

#include "base/clock.hpp"
#include "io/endpoint.hpp"
#include "io/failure.hpp"
#include "io/look_up.hpp"

namespace troupe::io {
namespace {

constexpr std::chrono::milliseconds until_there_is_room{5};

descriptor open_socket(int family, const std::string& what) {
    const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) throw failure(what, errno);
    return descriptor(fd);
}

// Where it is to be given away, it blocks like any other.
void let_block(int fd) noexcept { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK); }

int outcome_of(int fd) noexcept {
    int error = 0;
    socklen_t length = sizeof error;
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

task<socket> connect_once(endpoint to, std::string what) {
    descriptor fd = open_socket(to.family(), what);
    int error = 0;
    for (;;) {
        // NOLINTNEXTLINE(clang-analyzer-unix.StdCLibraryFunctions): it is open
        error = ::connect(fd.get(), to.get(), to.length()) == 0 ? 0 : errno;
        if (error != EAGAIN || to.family() != AF_UNIX) break;
        co_await sleep_for(
            until_there_is_room);  // the backlog of a local listener is full, and nobody tells when it is not
    }
    if (error == EINPROGRESS || error == EINTR) {
        co_await writable(fd.get());
        error = outcome_of(fd.get());
    }
    if (error == ENOENT) throw failure(what, error, "nobody listens there; start the server first");
    if (error != 0) throw failure(what, error);
    let_block(fd.get());
    if (to.family() != AF_UNIX) send_at_once(fd.get());
    co_return socket(std::move(fd));
}

std::string described(const address& to) {
    if (to.what == address::kind::local) return "unix:" + to.path;
    const std::string scheme = to.what == address::kind::udp ? "udp:" : "tcp:";
    const bool brackets = to.host.find(':') != std::string::npos;
    return scheme + (brackets ? '[' + to.host + ']' : to.host) + ':' + std::to_string(to.port);
}

task<socket> try_each(address to, base::time_point until) {
    const std::string what = "no connection to " + described(to);
    std::vector<endpoint> all;
    if (to.what == address::kind::local) {
        all.push_back(endpoint::local(to.path));
    } else {
        all = co_await look_up(to);
    }
    std::exception_ptr failed;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto left =
            until == base::time_point::max() ? std::chrono::nanoseconds::max() : until - base::steady_clock::now();
        const auto share = left / static_cast<std::int64_t>(all.size() - i);
        try {
            co_return co_await with_timeout(share, connect_once(all[i], what));
        } catch (const timed_out&) {
            failed = std::current_exception();
        } catch (const io_failed&) {
            failed = std::current_exception();
        }
    }
    std::rethrow_exception(failed);
}

}  // namespace

void send_at_once(int fd) noexcept {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

task<socket> connect(address to, std::chrono::nanoseconds timeout) {
    const std::string where = described(to);
    if (to.what == address::kind::udp) {
        throw misuse("a connection to " + where + " is not possible: datagrams have none; use datagram_socket");
    }
    if (to.what == address::kind::tcp && to.port == 0) {
        throw misuse("a connection to " + where + " is not possible: port 0 stands for no port; name one");
    }
    try {
        co_return co_await with_timeout(timeout, try_each(std::move(to), detail::deadline_after(timeout)));
    } catch (const timed_out&) {
        throw timed_out("no connection to " + where +
                        ": it did not answer in time; look at the address, or allow more");
    }
}

}  // namespace troupe::io
