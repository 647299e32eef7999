// Whoever an echo server is measured with: over local TCP, 64 B there and back, on one connection or on many of which
// each has one message under way. Written by hand, and the same for every server.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "figure.hpp"
#include "floor_process.hpp"
#include "message.hpp"
#include "placement.hpp"
#include "rally.hpp"

namespace bench {

class echo_connection {
public:
    explicit echo_connection(std::uint16_t port)
        : socket_(static_cast<int>(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"))) {
        sockaddr_in there{};
        there.sin_family = AF_INET;
        there.sin_port = htons(port);
        there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        checked(::connect(socket_, reinterpret_cast<const sockaddr*>(&there), sizeof there), "connect");
        const int on = 1;
        checked(::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
    }
    ~echo_connection() {
        if (socket_ >= 0) ::close(socket_);
    }
    echo_connection(echo_connection&& other) noexcept : socket_(other.socket_), number_(other.number_) {
        other.socket_ = -1;
    }
    echo_connection& operator=(echo_connection&&) = delete;

    int fd() const { return socket_; }
    void send(std::uint64_t number) {
        number_ = number;
        flat<64> message;
        message.write(number);
        checked(::send(socket_, &message, sizeof message, MSG_NOSIGNAL), "send");
    }
    // Whether the last message came back as it was.
    bool receive() const {
        flat<64> message;
        checked(::recv(socket_, &message, sizeof message, MSG_WAITALL), "recv");
        return message.number() == number_ && message.whole();
    }

private:
    int socket_;
    std::uint64_t number_ = 0;
};

inline bool one_connection(const char* program, std::uint16_t port, pid_t server, double seconds) {
    echo_connection only(port);
    rally rally(seconds);
    rally.faces(server);
    while (rally.goes_on()) {
        only.send(rally.number());
        rally.returned(only.receive());
    }
    return print(rally.result(program, "1 connection", cpus_of(placement::apart)));
}

inline bool many_connections(const char* program, std::uint16_t port, std::size_t connections, double seconds) {
    const int events = static_cast<int>(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    std::vector<echo_connection> all;
    all.reserve(connections);
    for (std::uint64_t i = 0; i < connections; ++i) {
        epoll_event wanted{};
        wanted.events = EPOLLIN;
        wanted.data.u64 = i;
        checked(epoll_ctl(events, EPOLL_CTL_ADD, all.emplace_back(port).fd(), &wanted), "epoll_ctl");
        all.back().send(i);
    }
    std::uint64_t count = 0, errors = 0;
    std::array<epoll_event, 64> ready;
    const std::int64_t start = now_ns(), warm = start + static_cast<std::int64_t>(seconds * 1e8);
    const std::int64_t end = start + static_cast<std::int64_t>(seconds * 1e9);
    std::int64_t began = 0, now = start;
    for (; now < end; now = now_ns()) {
        const int some = static_cast<int>(checked(epoll_wait(events, ready.data(), ready.size(), -1), "epoll_wait"));
        for (int i = 0; i < some; ++i) {
            echo_connection& one = all[ready[static_cast<std::size_t>(i)].data.u64];
            if (!one.receive()) ++errors;
            one.send(++count);
        }
        if (began == 0 && now > warm) {
            began = now;
            count = 0;
        }
    }
    close(events);
    return print({.program = program,
                  .name = std::to_string(connections) + " connections",
                  .unit = "k/s",
                  .value = static_cast<double>(count) * 1e6 / static_cast<double>(now - began),
                  .count = count,
                  .errors = errors,
                  .cpus = cpus_of(placement::apart)});
}

}  // namespace bench
