// How many connections a second are accepted by one process, handed to a worker of another process, and have their
// first byte echoed? Beside a server of the same shape whose processes pass bare sockets to each other (SCM_RIGHTS),
// and one whose workers accept for themselves (SO_REUSEPORT).
//
// All of them block in plain system calls. Four clients connect, send a byte, wait for it, and hang up.

#include <troupe/troupe.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "floor_process.hpp"

namespace {

constexpr std::size_t workers = 2;
constexpr int clients = 4;
constexpr int backlog = 1024;

sockaddr_in local(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int listen_at(std::uint16_t port, bool shared) {
    const auto fd = static_cast<int>(bench::checked(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const int yes = 1;
    if (shared) bench::checked(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes), "SO_REUSEPORT");
    const sockaddr_in address = local(port);
    bench::checked(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
    bench::checked(listen(fd, backlog), "listen");
    return fd;
}

std::uint16_t port_of(int listening) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    bench::checked(getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    return ntohs(address.sin_port);
}

int accept_one(int listening) { return accept4(listening, nullptr, nullptr, SOCK_CLOEXEC); }

void echo_first_byte(int connection) {
    char byte = 0;
    if (read(connection, &byte, 1) == 1 && write(connection, &byte, 1) != 1) return;
}

// One connection from beginning to end. It is reset, so that no port is kept waiting for late packets.
bool call_once(std::uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const linger reset{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    const sockaddr_in address = local(port);
    char byte = 'x';
    const bool well = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                      write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1 && byte == 'x';
    close(fd);
    return well;
}

bool measure(const char* name, std::uint16_t port, double seconds) {
    std::atomic<std::size_t> done{0}, errors{0};
    for (int i = 0; i < 100; ++i) call_once(port);  // not counted
    const std::int64_t begin = bench::now_ns();
    const std::int64_t end = begin + static_cast<std::int64_t>(seconds * 1e9);
    {
        std::vector<std::jthread> all;
        for (int i = 0; i < clients; ++i) {
            all.emplace_back([&] {
                while (bench::now_ns() < end) ++(call_once(port) ? done : errors);
            });
        }
    }
    const double took = static_cast<double>(bench::now_ns() - begin) / 1e9;
    return bench::print({.program = "handover",
                         .name = name,
                         .unit = "1/s",
                         .value = static_cast<double>(done) / took,
                         .count = done,
                         .errors = errors});
}

// --- the workers accept for themselves

bool by_shared_port(double seconds) {
    const int first = listen_at(0, true);
    const std::uint16_t port = port_of(first);
    const int second = listen_at(port, true);
    const auto serve = [](int listening) {
        for (int fd = 0; (fd = accept_one(listening)) >= 0;) {
            echo_first_byte(fd);
            close(fd);
        }
    };
    const bench::side_process one([&] { serve(first); });
    const bench::side_process other([&] { serve(second); });
    close(first);
    close(second);
    const bool right = measure("none: workers accept", port, seconds);
    kill(one.pid(), SIGKILL);
    kill(other.pid(), SIGKILL);
    return right;
}

// --- bare sockets

union room_for_one {
    char bytes[CMSG_SPACE(sizeof(int))];
    cmsghdr aligned;
};

void send_descriptor(int to, int fd) {
    char byte = 'c';
    iovec part{&byte, 1};
    room_for_one control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    if (sendmsg(to, &message, MSG_NOSIGNAL) < 0) _exit(1);
}

int receive_descriptor(int from) {
    char byte = 0;
    iovec part{&byte, 1};
    room_for_one control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) <= 0) return -1;
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    int fd = -1;
    if (header != nullptr) std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

bool by_bare_sockets(double seconds) {
    std::array<std::array<int, 2>, workers> ways{};
    for (auto& one : ways)
        bench::checked(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, one.data()), "socketpair");
    const auto serve = [](int from) {
        for (int fd = 0; (fd = receive_descriptor(from)) >= 0;) {
            echo_first_byte(fd);
            close(fd);
        }
    };
    const int listening = listen_at(0, false);
    const bench::side_process one([&] { serve(ways[0][1]); });
    const bench::side_process other([&] { serve(ways[1][1]); });
    const bench::side_process acceptor([&] {
        std::size_t next = 0;
        for (int fd = 0; (fd = accept_one(listening)) >= 0; next = (next + 1) % workers) {
            send_descriptor(ways[next][0], fd);
            close(fd);
        }
    });
    const bool right = measure("by bare sockets", port_of(listening), seconds);
    for (const auto* side : {&one, &other, &acceptor}) kill(side->pid(), SIGKILL);
    close(listening);
    for (const auto& way : ways) {
        close(way[0]);
        close(way[1]);
    }
    return right;
}

// --- descriptors in messages

struct serve {
    troupe::descriptor connection;
};

troupe::task<> worker(troupe::mailbox<serve> inbox) {
    while (const auto next = co_await inbox.receive()) echo_first_byte(next->connection.get());
}

troupe::task<> acceptor(troupe::descriptor listening, std::vector<troupe::actor<serve>> crew) {
    std::size_t next = 0;
    for (int fd = 0; (fd = accept_one(listening.get())) >= 0; next = (next + 1) % crew.size()) {
        co_await crew[next].send(serve{troupe::descriptor(fd)});
    }
}

troupe::task<bool> by_messages(double seconds) {
    std::vector<troupe::actor<serve>> crew;
    for (std::size_t i = 0; i < workers; ++i) crew.push_back(co_await troupe::spawn<worker>());
    const int listening = listen_at(0, false);
    const std::uint16_t port = port_of(listening);
    const auto accepting = co_await troupe::spawn<acceptor>(troupe::descriptor(listening), crew);
    const bool right = measure("in messages", port, seconds);
    accepting.kill();
    co_await accepting.join();
    for (const auto& one : crew) {
        one.stop();
        co_await one.join();
    }
    co_return right;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 1};
    const auto code = bench::listen("How fast are connections handed to workers?", std::move(arguments), told);
    if (code) co_return *code;
    bool right = by_shared_port(told.seconds);
    right = by_bare_sockets(told.seconds) && right;
    const bool sent = co_await by_messages(told.seconds);
    co_return right&& sent ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
