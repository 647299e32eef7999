// Connections for a test: both ends, in this process.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <tuple>
#include <utility>

#include <troupe/error.hpp>
#include <troupe/socket.hpp>
#include <troupe/stream.hpp>
#include <troupe/when.hpp>

namespace outside {

struct two_sockets {
    troupe::socket client, server;
};

// Over TCP.
inline troupe::task<two_sockets> connected(troupe::listener* here) {
    auto both = co_await troupe::when_all(troupe::socket::connect(here->address()), here->accept());
    co_return two_sockets{std::get<0>(std::move(both)), std::get<1>(std::move(both))};
}
inline troupe::task<two_sockets> connected() {
    auto here = troupe::listener::tcp("127.0.0.1", 0);
    co_return co_await connected(&here);
}

struct two_streams {
    troupe::input_stream in;
    troupe::output_stream out;
};

// The ends of a pipe, which block as pipes do.
inline two_streams piped(int flags = 0) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | flags) != 0) return {};
    return {troupe::input_stream(troupe::descriptor(ends[0])), troupe::output_stream(troupe::descriptor(ends[1]))};
}

// What awaiting it throws, as its text; empty if it throws nothing of the kind.
template <class Error, class X>
troupe::task<std::string> text_of(X x) {
    try {
        static_cast<void>(co_await std::move(x));
    } catch (const Error& problem) {
        co_return problem.what();
    }
    co_return "";
}
// The same, of an io_failed: the system's number; 0 if it throws none.
template <class X>
troupe::task<int> number_of(X x) {
    try {
        static_cast<void>(co_await std::move(x));
    } catch (const troupe::io_failed& problem) {
        co_return problem.reason().value();
    }
    co_return 0;
}

}  // namespace outside
