#include <troupe/socket.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include <troupe/error.hpp>

#include "io/byte_stream.hpp"
#include "io/connecting.hpp"
#include "io/endpoint.hpp"
#include "io/failure.hpp"
#include "io/transfer.hpp"

namespace troupe {
namespace {

constexpr char this_socket[] = "this socket";

using detail::byte_stream;

void expect_connection(int fd) {
    const auto is = [fd](int option, int wanted) {
        int value = 0;
        socklen_t length = sizeof value;
        return ::getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 && value == wanted;
    };
    if (is(SO_TYPE, SOCK_STREAM) && is(SO_ACCEPTCONN, 0)) return;
    throw misuse("descriptor " + std::to_string(fd) +
                 " is not a connection (a socket of type SOCK_STREAM that does not listen); for another file, use "
                 "input_stream or output_stream");
}

}  // namespace

socket::socket(descriptor connection) : stream_(new byte_stream(std::move(connection), byte_stream::direction::both)) {
    expect_connection(stream_->fd());
}

task<socket>(socket::connect)(std::string address, detail::length_of_time timeout) {
    return io::connect(io::address::parse(address), timeout);
}

task<std::size_t> socket::read_some(std::span<char> into) {
    return io::read_some(io::visit(stream_, this_socket), into);
}
task<bool> socket::read_exactly(std::span<char> into) {
    return io::read_exactly(io::visit(stream_, this_socket), into);
}
task<bool> socket::read_line(std::string& line, std::size_t limit) {
    return io::read_line(io::visit(stream_, this_socket), &line, limit);
}
task<> socket::write(std::string_view bytes) { return io::write(io::visit(stream_, this_socket), bytes); }

void socket::shutdown() { io::expect(stream_, this_socket)->end_output(); }
void socket::close() noexcept { stream_.reset(); }

std::string socket::peer() const {
    const io::endpoint peer = io::peer_endpoint(io::expect(stream_, this_socket)->fd());
    if (!peer) throw io::failure("the address of the peer is not known any more", ENOTCONN);
    return peer.text("tcp");
}

descriptor socket::release() && {
    descriptor given = io::expect(stream_, this_socket)->give_away();
    stream_.reset();
    return given;
}

}  // namespace troupe
