#include <troupe/socket.hpp>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <troupe/error.hpp>

#include "io/attendance.hpp"
#include "io/bound.hpp"
#include "io/endpoint.hpp"
#include "io/failure.hpp"
#include "io/look_up.hpp"

namespace troupe {
namespace {

constexpr std::size_t largest_datagram = 65536;

bool not_now(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

class datagram_socket::core {
public:
    explicit core(descriptor bound) : bound_(std::move(bound)) {}

    int fd() const noexcept { return bound_.get(); }
    io::attendance& attended() noexcept { return attendance_; }

    // False: not now.
    bool try_send(const io::endpoint& to, std::string_view bytes) {
        if (::sendto(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, to.get(), to.length()) >= 0) {
            return true;
        }
        if (not_now(errno)) return false;
        const std::string what = "no datagram can be sent to " + to.text("udp");
        if (errno == EMSGSIZE) {
            throw too_large(what + ": it has " + std::to_string(bytes.size()) +
                            " bytes, which is more than the system takes; send smaller ones");
        }
        throw io::failure(what, errno);
    }

    std::optional<datagram> try_receive() {
        if (room_ == nullptr) room_.reset(new char[largest_datagram]);
        io::endpoint from;
        const ssize_t got =
            ::recvfrom(fd(), room_.get(), largest_datagram, MSG_DONTWAIT, from.room(), from.room_length());
        if (got >= 0) return datagram{from.text("udp"), std::string(room_.get(), static_cast<std::size_t>(got))};
        if (not_now(errno)) return std::nullopt;
        throw io::failure("no datagram can be received", errno);
    }

private:
    descriptor bound_;
    std::unique_ptr<char[]> room_;
    io::attendance attendance_;
};

void datagram_socket::end_core::operator()(core* one) const noexcept { delete one; }

namespace {

datagram_socket::core& expect(datagram_socket::core* one) {
    if (one == nullptr) throw misuse("this datagram socket is empty: it was moved from, closed or never opened");
    return *one;
}

task<> send(io::attendance::place place, datagram_socket::core* from, io::address to, std::string_view bytes) {
    const std::vector<io::endpoint> all = co_await io::look_up(to);
    place.expect_open();
    const int family = io::own_endpoint(from->fd()).family();
    const io::endpoint* reached = nullptr;
    for (const io::endpoint& one : all) {
        if (reached == nullptr && one.family() == family) reached = &one;
    }
    if (reached == nullptr) {
        throw misuse("a datagram socket of " + std::string(family == AF_INET ? "IPv4" : "IPv6") + " does not reach " +
                     all.front().text("udp") + "; make one with an address of the other kind (datagram_socket::udp)");
    }
    while (!from->try_send(*reached, bytes)) {
        co_await io::attendance::ready(place, from->fd(), detail::until::writable);
    }
}

task<datagram> receive(io::attendance::place place, datagram_socket::core* here) {
    place.expect_open();
    for (;;) {
        if (std::optional<datagram> next = here->try_receive()) co_return *std::move(next);
        co_await io::attendance::ready(place, here->fd(), detail::until::readable);
    }
}

}  // namespace

datagram_socket datagram_socket::udp(const std::string& host, int port) {
    return datagram_socket(new core(io::bind_socket(io::endpoint_here(host, port), SOCK_DGRAM, io::sharing::alone)));
}

task<> datagram_socket::send_to(const std::string& address, std::string_view bytes) {
    core& from = expect(core_.get());
    io::address to = io::address::parse(address);
    if (to.what != io::address::kind::udp || to.port == 0) {
        throw misuse("'" + address + "' is not where a datagram can be sent to; write it like udp:127.0.0.1:53");
    }
    return send(io::attendance::place(from.attended()), &from, std::move(to), bytes);
}

task<datagram> datagram_socket::receive_from() {
    core& here = expect(core_.get());
    return receive(io::attendance::place(here.attended()), &here);
}

std::string datagram_socket::address() const { return io::own_endpoint(expect(core_.get()).fd()).text("udp"); }

void datagram_socket::close() noexcept { core_.reset(); }

}  // namespace troupe
