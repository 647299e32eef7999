// Datagrams: whole or not at all.
#include <chrono>
#include <string>
#include <utility>

#include <unistd.h>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "io/connected.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using outside::text_of;
using troupe::datagram_socket;
using troupe::task;

task<troupe::datagram> send_and_receive(datagram_socket* from, datagram_socket* to, std::string bytes) {
    co_await from->send_to(to->address(), bytes);
    co_return co_await to->receive_from();
}

}  // namespace

TEST_CASE("datagram socket: a datagram arrives whole, and says where it came from") {
    auto one = datagram_socket::udp("127.0.0.1");
    auto two = datagram_socket::udp("127.0.0.1");
    for (const std::size_t bytes : {0, 1, 1000, 65'507}) {
        const std::string sent(bytes, 'd');
        const troupe::datagram got = watched(send_and_receive(&one, &two, sent));
        CHECK(got.bytes == sent);
        CHECK(got.from == one.address());
    }
}

TEST_CASE("datagram socket: over IPv6, and by name") {
    auto one = datagram_socket::udp("127.0.0.1");
    auto two = datagram_socket::udp("127.0.0.1");
    const std::string port = two.address().substr(two.address().rfind(':'));
    watched(one.send_to("udp:localhost" + port, "by name"));
    CHECK(watched(two.receive_from()).bytes == "by name");
    if (::access("/proc/net/if_inet6", R_OK) != 0) return;
    auto six = datagram_socket::udp("::1");
    auto seven = datagram_socket::udp("::1");
    CHECK(watched(send_and_receive(&six, &seven, "six")).from == six.address());
    CHECK(watched(text_of<troupe::misuse>(one.send_to(six.address(), "x"))).find("IPv4 does not reach") !=
          std::string::npos);
}

TEST_CASE("datagram socket: one that is too large is not sent") {
    auto one = datagram_socket::udp("127.0.0.1");
    const std::string large(65'508, 'd');
    CHECK(watched(text_of<troupe::too_large>(one.send_to(one.address(), large))).find("65508 bytes") !=
          std::string::npos);
}

TEST_CASE("datagram socket: a wait that is cancelled has taken none") {
    auto one = datagram_socket::udp("127.0.0.1");
    CHECK_THROWS_AS(watched(troupe::with_timeout(1ms, one.receive_from())), troupe::timed_out);
    CHECK(watched(send_and_receive(&one, &one, "to itself")).bytes == "to itself");
}

TEST_CASE("datagram socket: what is no address for it is refused at the call") {
    auto one = datagram_socket::udp("127.0.0.1");
    CHECK_THROWS_AS(one.send_to("tcp:127.0.0.1:53", "x"), troupe::misuse);
    CHECK_THROWS_AS(one.send_to("udp:127.0.0.1:0", "x"), troupe::misuse);
    CHECK_THROWS_AS(one.send_to("nowhere", "x"), troupe::misuse);
    CHECK_THROWS_AS(datagram_socket::udp("127.0.0.1", 70'000), troupe::misuse);
    CHECK_THROWS_AS(datagram_socket().receive_from(), troupe::misuse);
}
