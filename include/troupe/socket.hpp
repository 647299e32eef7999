// Sockets: connections, who accepts them, and datagrams.
//
// An address is written as `tcp:127.0.0.1:8080`, `tcp:[::1]:8080`, `tcp:example.org:80`, or `unix:/run/x` for a socket
// of this machine; those of datagrams begin with `udp:`. What is no address is misuse. What the system refuses is
// io_failed.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <troupe/descriptor.hpp>
#include <troupe/detail/timer.hpp>
#include <troupe/stream.hpp>
#include <troupe/task.hpp>

namespace troupe {

// A connection. It is read from and written to like the streams of stream.hpp, and under the same rules: one coroutine
// may read while another one writes.
class socket {
public:
    // An empty one: every call throws misuse.
    socket() noexcept = default;
    // Throws misuse if the descriptor is not that of a connection.
    explicit socket(descriptor connection);

    // Connects. A name is looked up first, in a thread, and every address that it stands for is tried. The task throws
    // timed_out if nobody has answered by then, and io_failed if nobody listens there.
    static task<socket>(connect)(std::string address,
                                 detail::length_of_time timeout = (std::chrono::nanoseconds::max)());

    task<std::size_t> read_some(std::span<char> into);
    task<bool> read_exactly(std::span<char> into);
    task<bool> read_line(std::string& line, std::size_t limit = longest_line);
    task<> write(std::string_view bytes);

    // Nothing more will be written: the peer reads what was, and then the end. This end can still be read from.
    void shutdown();
    void close() noexcept;

    // The address of the other end. That of a local socket is often unnamed: `unix:`.
    std::string peer() const;

    // Gives the connection away, as an open file that can be sent to another actor. Throws misuse if something was read
    // ahead that nobody has taken: read_line reads ahead.
    descriptor release() &&;
    explicit operator bool() const noexcept { return stream_ != nullptr; }

private:
    detail::byte_stream_hold stream_;
};

struct listener_options {
    bool reuse_port = false;  // several actors listen at one port, and the system deals the connections out among them
    int backlog = 4096;       // connections that wait to be accepted; more are refused by the system
};

// Accepts connections.
class listener {
public:
    listener() noexcept = default;  // empty, as above

    // Listens at an address of this machine, given as a number: 127.0.0.1, or 0.0.0.0 and :: for all that it has.
    // `localhost` is 127.0.0.1. Port 0 is any that is free; `address` says which.
    static listener tcp(const std::string& host, int port, const listener_options& options = {});
    // Listens at a path, for this machine alone. (It is not called `unix`, which is a macro with GNU extensions.) The
    // path is removed at the end. One that a killed process has left is taken over; one that somebody listens at is
    // io_failed.
    static listener local(const std::string& path, const listener_options& options = {});

    // Waits for the next connection. If this process or the machine has no descriptor left for it, the connection is
    // closed, and the await throws io_failed: catch it, and go on with the next one.
    task<socket> accept();

    std::string address() const;
    void close() noexcept;
    explicit operator bool() const noexcept { return core_ != nullptr; }

    class core;
    struct end_core {
        void operator()(core* one) const noexcept;
    };

private:
    explicit listener(core* made) noexcept : core_(made) {}

    std::unique_ptr<core, end_core> core_;
};

// A datagram, and who sent it.
struct datagram {
    std::string from;
    std::string bytes;
};

// Sends and receives datagrams, each as a whole or not at all.
class datagram_socket {
public:
    datagram_socket() noexcept = default;  // empty, as above

    // At an address of this machine, as for a listener. It reaches addresses of the same kind, IPv4 or IPv6.
    static datagram_socket udp(const std::string& host = "0.0.0.0", int port = 0);

    // Awaiting it returns when the system has taken the datagram, which may get lost on its way. Throws too_large if
    // the system takes none of that size (65,507 bytes at most). `bytes` stay until the await has ended.
    task<> send_to(const std::string& address, std::string_view bytes);
    // Waits for the next one. A wait that is cancelled has taken none.
    task<datagram> receive_from();

    std::string address() const;
    void close() noexcept;
    explicit operator bool() const noexcept { return core_ != nullptr; }

    class core;
    struct end_core {
        void operator()(core* one) const noexcept;
    };

private:
    explicit datagram_socket(core* made) noexcept : core_(made) {}

    std::unique_ptr<core, end_core> core_;
};

}  // namespace troupe
