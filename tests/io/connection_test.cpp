// Connections: over TCP and at a path, by number and by name, and how they end.
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <variant>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <troupe/troupe.hpp>

#include "base/errand.hpp"
#include "catch.hpp"
#include "io/connected.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using outside::connected;
using outside::number_of;
using outside::text_of;
using outside::two_sockets;
using troupe::listener;
using troupe::task;

task<std::string> exchange(listener* here) {
    two_sockets both = co_await connected(here);
    co_await both.client.write("hello\n");
    std::string heard, answer;
    co_await both.server.read_line(heard);
    co_await both.server.write(heard + " back\n");
    co_await both.client.read_line(answer);
    co_return answer;
}

std::string path_for(const char* name) { return "/tmp/troupe_io_" + std::to_string(::getpid()) + name; }

// The peer is told by a reset, and not by an end.
void reset(troupe::socket one) {
    const troupe::descriptor fd = std::move(one).release();
    const linger at_once{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

task<int> reset_in_a_line(two_sockets* both) {
    co_await both->client.write("half a li");
    std::array<char, 4> room{};
    co_await both->server.read_exactly(room);
    reset(std::move(both->client));
    std::string line;
    co_return co_await number_of(both->server.read_line(line));
}

task<int> write_to_one_that_left(two_sockets* both) {
    reset(std::move(both->client));
    for (;;) {
        const int number = co_await number_of(both->server.write("are you there\n"));
        if (number != 0) co_return number;
    }
}

task<bool> end_after_shutdown(two_sockets* both) {
    co_await both->client.write("last words\n");
    both->client.shutdown();
    std::string line;
    const bool said = co_await both->server.read_line(line);
    const bool more = co_await both->server.read_line(line);
    co_await both->server.write("heard\n");
    const bool answered = co_await both->client.read_line(line);
    co_return said && !more && answered && line == "heard";
}

task<std::string> by_way_of_a_descriptor(two_sockets* both) {
    troupe::descriptor given = std::move(both->server).release();
    troupe::socket again(std::move(given));
    co_await again.write("given away\n");
    std::string line;
    co_await both->client.read_line(line);
    co_return line;
}

troupe::socket unanswered_socket() {
    std::array<int, 2> ends{};
    static_cast<void>(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()));
    const troupe::descriptor other(ends[1]);
    return troupe::socket(troupe::descriptor(ends[0]));
}

void do_nothing() {}

constexpr char told[] = "it was closed while somebody waited for it; end that wait first (cancel it)";

// Each of these waits while what it waits with is closed.
task<std::string> closed_while(task<> waiting, std::function<void()> close) {
    std::string said;
    co_await troupe::task_group::run([&](troupe::task_group& group) -> task<> {
        group.start([](task<> one, std::string* into) -> task<> {
            *into = co_await text_of<troupe::closed>(std::move(one));
        }(std::move(waiting), &said));
        co_await troupe::yield();
        close();
    });
    co_return said;
}

template <class T>
task<> without_value(task<T> one) {
    static_cast<void>(co_await std::move(one));
}

}  // namespace

TEST_CASE("socket: two ends talk over IPv4, IPv6 and a path") {
    auto four = listener::tcp("127.0.0.1", 0);
    CHECK(four.address().starts_with("tcp:127.0.0.1:"));
    CHECK(watched(exchange(&four)) == "hello back");
    auto here = listener::local(path_for("talk"));
    CHECK(here.address() == "unix:" + path_for("talk"));
    CHECK(watched(exchange(&here)) == "hello back");
    if (::access("/proc/net/if_inet6", R_OK) != 0) return;
    auto six = listener::tcp("::1", 0);
    CHECK(six.address().starts_with("tcp:[::1]:"));
    CHECK(watched(exchange(&six)) == "hello back");
}

TEST_CASE("socket: a name is looked up") {
    auto here = listener::tcp("localhost", 0);
    const std::string port = here.address().substr(here.address().rfind(':'));
    const auto both = watched(troupe::when_all(troupe::socket::connect("tcp:localhost" + port, 60s), here.accept()));
    CHECK(std::get<0>(both).peer() == here.address());
    CHECK(std::get<1>(both).peer().starts_with("tcp:127.0.0.1:"));
}

TEST_CASE("socket: a name that nobody has is an error that says so") {
    const std::string text =
        watched(text_of<troupe::io_failed>(troupe::socket::connect("tcp:no-such-host.invalid:80", 60s)));
    CHECK(text.find("'no-such-host.invalid' cannot be looked up") != std::string::npos);
}

TEST_CASE("socket: a copy of the process waits until a look-up has ended") {
    auto look_up = troupe::socket::connect("tcp:no-such-host.invalid:80", 60s);
    const auto spawned = []() -> task<bool> {
        const auto one = co_await troupe::spawn<&do_nothing>({.method = troupe::start_method::fork});
        const bool none = !troupe::base::errands_under_way();
        const auto status = co_await one.join();
        co_return none&& status.code() == 0;
    };
    const auto done = watched(troupe::when_all(number_of(std::move(look_up)), spawned()));
    CHECK(std::get<0>(done) != 0);
    CHECK(std::get<1>(done));
}

TEST_CASE("socket: a look-up that is cancelled leaves nothing behind") {
    const auto first =
        watched(troupe::when_any(troupe::yield(), number_of(troupe::socket::connect("tcp:no-such-host.invalid:80"))));
    CHECK(first.index() == 0);
    while (troupe::base::errands_under_way()) watched(troupe::sleep_for(1ms));
}

TEST_CASE("socket: where nobody listens, connecting fails") {
    std::string address;
    {
        auto gone = listener::tcp("127.0.0.1", 0);
        address = gone.address();
    }
    CHECK(watched(number_of(troupe::socket::connect(address))) == ECONNREFUSED);
    const std::string text = watched(text_of<troupe::io_failed>(troupe::socket::connect(address, 10s)));
    CHECK(text.find("no connection to " + address + ": Connection refused; nobody listens there") == 0);
    CHECK(watched(number_of(troupe::socket::connect("unix:" + path_for("nothing")))) == ENOENT);
}

TEST_CASE("socket: who does not answer in time is given up") {
    // A backlog of one that is full: further ones are not answered.
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof any;
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&any), sizeof any) == 0);
    REQUIRE(::listen(fd, 0) == 0);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&any), &length);
    const troupe::descriptor deaf(fd);
    const std::string address = "tcp:127.0.0.1:" + std::to_string(ntohs(any.sin_port));
    std::vector<troupe::socket> taken;
    std::string text;
    const auto until_late = [&]() -> task<> {
        for (;;) {
            auto one = co_await troupe::socket::connect(address, 50ms);
            taken.push_back(std::move(one));
        }
    };
    try {
        watched(until_late());
    } catch (const troupe::timed_out& late) {
        text = late.what();
    }
    CHECK(text.find("no connection to " + address + ": it did not answer in time") == 0);
}

TEST_CASE("socket: an address that is none is told with an example") {
    for (const char* none : {"", "127.0.0.1:80", "tcp:127.0.0.1", "tcp:127.0.0.1:", "tcp:127.0.0.1:65536", "tcp::80",
                             "tcp:::1:80", "tcp:[::1:80", "http://x:80", "tcp:a b:80", "tcp:x:-1", "unix:"}) {
        INFO(none);
        CHECK_THROWS_AS(troupe::socket::connect(none), troupe::misuse);
    }
    CHECK_THROWS_AS(troupe::socket::connect("unix:" + std::string(200, 'x')), troupe::misuse);
    CHECK_THROWS_AS(watched(troupe::socket::connect("tcp:127.0.0.1:0")), troupe::misuse);
    CHECK_THROWS_AS(watched(troupe::socket::connect("udp:127.0.0.1:53")), troupe::misuse);
}

TEST_CASE("socket: a peer that resets in the middle of a line is an error of the read") {
    two_sockets both = watched(connected());
    CHECK(watched(reset_in_a_line(&both)) == ECONNRESET);
}

TEST_CASE("socket: a peer that has left is an error of the write") {
    two_sockets both = watched(connected());
    const int number = watched(write_to_one_that_left(&both));
    CHECK((number == EPIPE || number == ECONNRESET));
}

TEST_CASE("socket: a peer that stops reading makes the writer wait, until its deadline") {
    two_sockets both = watched(connected());
    const std::string much(64'000'000, 'x');
    CHECK_THROWS_AS(watched(troupe::with_timeout(20ms, both.client.write(much))), troupe::timed_out);
}

TEST_CASE("socket: after shutdown the peer reads the end, and can still answer") {
    two_sockets both = watched(connected());
    CHECK(watched(end_after_shutdown(&both)));
    CHECK_THROWS_AS(watched(both.client.write("more")), troupe::misuse);
}

TEST_CASE("socket: released and made again, it is the same connection, and blocks as sockets do") {
    two_sockets both = watched(connected());
    CHECK(watched(by_way_of_a_descriptor(&both)) == "given away");
    const troupe::descriptor client = std::move(both.client).release();
    CHECK((::fcntl(client.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("socket: what is no connection is refused") {
    auto here = listener::tcp("127.0.0.1", 0);
    CHECK_THROWS_AS(troupe::socket(troupe::descriptor(::open("/dev/null", O_RDWR | O_CLOEXEC))), troupe::misuse);
    CHECK_THROWS_AS(troupe::socket(troupe::descriptor()), troupe::misuse);
    CHECK_THROWS_AS(unanswered_socket(), troupe::misuse);
    CHECK_THROWS_AS(troupe::socket().peer(), troupe::misuse);
}

TEST_CASE("socket: one that is closed while somebody reads, writes or accepts ends that wait with an error") {
    auto here = listener::tcp("127.0.0.1", 0);
    auto both = watched(connected(&here));
    auto other = watched(connected(&here));
    std::string line;
    const std::string much(std::size_t{64} << 20, 'x');
    CHECK(watched(closed_while(without_value(both.client.read_line(line)), [&] { both.client.close(); })) == told);
    CHECK(watched(closed_while(other.server.write(much), [&] { other.server.close(); })) == told);
    CHECK(watched(closed_while(without_value(here.accept()), [&] { here.close(); })) == told);
    auto datagrams = troupe::datagram_socket::udp("127.0.0.1");
    CHECK(watched(closed_while(without_value(datagrams.receive_from()), [&] { datagrams.close(); })) == told);
    char folder[] = "/tmp/troupe.XXXXXX";  // of its own: others write to /tmp
    REQUIRE(::mkdtemp(folder) != nullptr);
    auto changes = troupe::watch(folder);
    CHECK(watched(closed_while(without_value(changes.next()), [&] { changes.close(); })) == told);
    ::rmdir(folder);
    auto piped = outside::piped();
    CHECK(watched(closed_while(without_value(piped.in.read_line(line)), [&] { piped.in.close(); })) == told);
}

TEST_CASE("socket: one that is closed before a read, a write or an accept has begun ends that with the same error") {
    auto here = listener::tcp("127.0.0.1", 0);
    auto both = watched(connected(&here));
    std::string line;
    std::array<char, 4> room{};
    auto some = both.client.read_some(room);
    auto exactly = both.client.read_exactly(room);
    auto a_line = both.client.read_line(line);
    auto writing = both.client.write("hello");
    auto never_begun = both.client.write("hello");
    both.client.close();
    CHECK(watched(text_of<troupe::closed>(std::move(some))) == told);
    CHECK(watched(text_of<troupe::closed>(std::move(exactly))) == told);
    CHECK(watched(text_of<troupe::closed>(std::move(a_line))) == told);
    CHECK(watched(text_of<troupe::closed>(std::move(writing))) == told);
    auto accepting = here.accept();
    here.close();
    CHECK(watched(text_of<troupe::closed>(std::move(accepting))) == told);
    auto datagrams = troupe::datagram_socket::udp("127.0.0.1");
    auto sending = datagrams.send_to("udp:127.0.0.1:53", "hello");
    auto receiving = datagrams.receive_from();
    datagrams.close();
    CHECK(watched(text_of<troupe::closed>(std::move(sending))) == told);
    CHECK(watched(text_of<troupe::closed>(std::move(receiving))) == told);
    auto changes = troupe::watch("/tmp");
    auto next = changes.next();
    changes.close();
    CHECK(watched(text_of<troupe::closed>(std::move(next))) == told);
}
