#include <troupe/socket.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include <troupe/error.hpp>
#include <troupe/time.hpp>

#include "base/owned_fd.hpp"
#include "io/attendance.hpp"
#include "io/bound.hpp"
#include "io/connecting.hpp"
#include "io/endpoint.hpp"
#include "io/failure.hpp"
#include "io/local_path.hpp"
#include "loop/event_loop.hpp"

namespace troupe {
namespace {

constexpr std::chrono::milliseconds until_it_may_be_otherwise{100};

bool out_of_something(int error) noexcept {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// The kernel tells with what a connection has ended that nobody has accepted yet. (EPERM is not among them: a filter of
// system calls gives it too, and gives it for ever.)
bool of_the_connection(int error) noexcept {
    switch (error) {
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case EINTR: return true;
    default: return false;
    }
}

}  // namespace

// What listens, and one descriptor in reserve. Without it a process that has none left could not even close the
// connections that it cannot accept: they would stay in the backlog, and the listener would be readable for ever.
class listener::core {
public:
    core(descriptor listening, std::optional<io::local_path> path)
        : listening_(std::move(listening)), path_(std::move(path)) {
        keep_reserve();
        if (!reserve_) throw io::failure("the listener cannot be made", errno);
    }

    int fd() const noexcept { return listening_.get(); }
    bool is_tcp() const noexcept { return !path_; }
    io::attendance& attended() noexcept { return attendance_; }

    // Nothing: not now. Throws io_failed.
    std::optional<descriptor> try_accept() {
        keep_reserve();
        int fd = -1;
        do {
            fd = ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC);
        } while (fd < 0 && of_the_connection(errno));
        if (fd >= 0) return descriptor(fd);
        const int error = errno;
        // The kernel looks for a descriptor first, and only then for a connection.
        if (error == EAGAIN || error == EWOULDBLOCK || !somebody_waits()) return std::nullopt;
        throw io::failure("a connection cannot be accepted", error);
    }

    // Closes the next connection: its peer is told by a reset. False: that cannot be done now.
    bool refuse_next() noexcept {
        if (!somebody_waits()) return false;
        reserve_.reset();
        base::owned_fd refused(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!refused) return false;
        const linger at_once{1, 0};
        ::setsockopt(refused.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        refused.reset();
        keep_reserve();
        return true;
    }

private:
    bool somebody_waits() const noexcept {
        pollfd look{listening_.get(), POLLIN, 0};
        return ::poll(&look, 1, 0) != 0;
    }
    void keep_reserve() noexcept {
        if (!reserve_) reserve_.reset(::fcntl(listening_.get(), F_DUPFD_CLOEXEC, 0));
    }

    descriptor listening_;
    base::owned_fd reserve_;
    std::optional<io::local_path> path_;  // removed before the socket is closed: nobody takes it over before that
    io::attendance attendance_;
};

void listener::end_core::operator()(core* one) const noexcept { delete one; }

namespace {

listener::core& expect(listener::core* one) {
    if (one == nullptr) throw misuse("this listener is empty: it was moved from, closed or never opened");
    return *one;
}

task<socket> accept_from(io::attendance::place place, listener::core* here) {
    place.expect_open();
    for (;;) {
        std::optional<io_failed> refused;
        try {
            // The first wait of a process takes a descriptor. If connections had all of them by then, none of these
            // could be waited for.
            static_cast<void>(loop::event_loop::current().descriptors());
            if (std::optional<descriptor> next = here->try_accept()) {
                if (here->is_tcp()) io::send_at_once(next->get());
                co_return socket(*std::move(next));
            }
            co_await io::attendance::ready(place, here->fd(), detail::until::readable);
        } catch (const io_failed& problem) {
            refused = problem;
        }
        if (!refused) continue;
        const bool one_less = out_of_something(refused->reason().value()) && here->refuse_next();
        // Else the same would come up again and again, as fast as the caller asks.
        if (!one_less) co_await sleep_for(until_it_may_be_otherwise);
        throw *std::move(refused);
    }
}

}  // namespace

listener listener::tcp(const std::string& host, int port, const listener_options& options) {
    const io::endpoint here = io::endpoint_here(host, port);
    descriptor listening =
        io::bind_socket(here, SOCK_STREAM, options.reuse_port ? io::sharing::reuse_port : io::sharing::alone);
    if (::listen(listening.get(), options.backlog) != 0) {
        throw io::failure("nobody can listen at " + here.text("tcp"), errno);
    }
    return listener(new core(std::move(listening), std::nullopt));
}

listener listener::local(const std::string& path, const listener_options& options) {
    if (options.reuse_port) throw misuse("a local socket has no port to share; leave out listener_options::reuse_port");
    descriptor listening;
    io::local_path bound(path, options.backlog, listening);
    return listener(new core(std::move(listening), std::move(bound)));
}

task<socket> listener::accept() {
    core& here = expect(core_.get());
    return accept_from(io::attendance::place(here.attended()), &here);
}

std::string listener::address() const { return io::own_endpoint(expect(core_.get()).fd()).text("tcp"); }

void listener::close() noexcept { core_.reset(); }

}  // namespace troupe
