// Sockets that are waited for again and again, which the kernel goes on watching meanwhile: no byte and no end is
// missed.
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <troupe/readiness.hpp>
#include <troupe/troupe.hpp>

#include "base/owned_fd.hpp"
#include "catch.hpp"
#include "io/connected.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using outside::two_sockets;
using troupe::task;
using troupe::base::owned_fd;

two_sockets pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return {};
    return {troupe::socket(troupe::descriptor(ends[0])), troupe::socket(troupe::descriptor(ends[1]))};
}

task<char> next_of(troupe::socket* from) {
    char byte = 0;
    const std::size_t got = co_await from->read_some({&byte, 1});
    co_return got == 1 ? byte : '-';
}

// Waits for each byte before the next one is sent.
task<std::string> one_by_one(two_sockets* both, std::string bytes) {
    auto write_later = [](troupe::socket* to, char byte) -> task<> {
        co_await troupe::sleep_for(1ms);
        co_await to->write({&byte, 1});
    };
    std::string all;
    for (const char byte : bytes) {
        const auto got = co_await troupe::when_all(next_of(&both->server), write_later(&both->client, byte));
        all += std::get<0>(got);
    }
    co_return all;
}

task<bool> waits(troupe::socket* from) {
    const auto first = co_await troupe::when_any(next_of(from), troupe::sleep_for(3ms));
    co_return first.index() == 1;
}

task<std::string> what_came_while_nobody_waited(two_sockets* both, int times) {
    std::string all = co_await one_by_one(both, "abc");
    for (int i = 0; i < times; ++i) {
        co_await both->client.write("d");
        co_await troupe::sleep_for(2ms);  // this process hears of it, and nobody waits
        co_await both->client.write("e");
        co_await troupe::sleep_for(2ms);
        all += co_await next_of(&both->server);
        all += co_await next_of(&both->server);
        const bool waited = co_await waits(&both->server);
        if (!waited) all += "?";
    }
    const std::string rest = co_await one_by_one(both, "xyz");
    co_return all + rest;
}

// Its reader and its writer wait at the same time, over and over.
task<std::size_t> both_ways(two_sockets* both) {
    static constexpr std::size_t size = 400'000;
    auto write = [](troupe::socket* to) -> task<> {
        const std::string bytes(size, 'w');
        co_await to->write(bytes);
        to->shutdown();
    };
    auto read_slowly = [](troupe::socket* from) -> task<std::size_t> {
        std::array<char, 20'000> room;
        for (std::size_t all = 0;;) {
            const std::size_t got = co_await from->read_some(room);
            if (got == 0) co_return all;
            all += got;
            co_await troupe::sleep_for(100us);
        }
    };
    const auto read = co_await troupe::when_all(read_slowly(&both->client), read_slowly(&both->server),
                                                write(&both->client), write(&both->server));
    co_return std::get<0>(read) + std::get<1>(read);
}

// Its reader waits all the time, also after its writer had to wait and is done.
task<char> answer_to_much(two_sockets* both) {
    static constexpr std::size_t size = 1'000'000;
    auto write = [](troupe::socket* to) -> task<> {
        const std::string bytes(size, 'w');
        co_await to->write(bytes);
    };
    auto drain_and_answer = [](troupe::socket* one) -> task<> {
        std::array<char, 20'000> room;
        for (std::size_t all = 0; all < size;) all += co_await one->read_some(room);
        co_await troupe::sleep_for(2ms);
        co_await one->write("x");
    };
    const auto got =
        co_await troupe::when_all(next_of(&both->server), write(&both->server), drain_and_answer(&both->client));
    co_return std::get<0>(got);
}

}  // namespace

TEST_CASE("kept watch: each byte that is waited for comes, and the end as well") {
    for (const bool over_tcp : {false, true}) {
        two_sockets both = over_tcp ? watched(outside::connected()) : pair();
        CHECK(watched(one_by_one(&both, "abcdefgh")) == "abcdefgh");
        CHECK(watched(waits(&both.server)));
        both.client.close();
        CHECK(watched(next_of(&both.server)) == '-');
    }
}

TEST_CASE("kept watch: an end that comes while it is waited for ends that wait") {
    two_sockets both = watched(outside::connected());
    watched(one_by_one(&both, "abc"));
    auto close_later = [](troupe::socket* one) -> task<> {
        co_await troupe::sleep_for(1ms);
        one->close();
    };
    const auto got = watched(troupe::when_all(next_of(&both.server), close_later(&both.client)));
    CHECK(std::get<0>(got) == '-');
}

TEST_CASE("kept watch: what came while nobody waited is there") {
    two_sockets both = watched(outside::connected());
    CHECK(watched(what_came_while_nobody_waited(&both, 3)) == "abcdededexyz");
}

TEST_CASE("kept watch: a reader and a writer of one socket both go on") {
    for (const bool over_tcp : {false, true}) {
        two_sockets both = over_tcp ? watched(outside::connected()) : pair();
        watched(one_by_one(&both, "abc"));
        CHECK(watched(both_ways(&both)) == 800'000);
    }
}

TEST_CASE("kept watch: a reader goes on waiting when the writer of its socket is done") {
    two_sockets both = pair();
    CHECK(watched(answer_to_much(&both)) == 'x');
}

TEST_CASE("kept watch: the number of a socket that was closed is another one's, also while a copy of it is open") {
    two_sockets first = pair();
    REQUIRE(watched(one_by_one(&first, "abc")) == "abc");
    troupe::descriptor given = std::move(first.server).release();
    const owned_fd copy(::fcntl(given.get(), F_DUPFD_CLOEXEC, 100));
    REQUIRE(copy);
    first.server = troupe::socket(std::move(given));
    REQUIRE(watched(one_by_one(&first, "abc")) == "abc");
    first.server.close();
    two_sockets second = pair();  // one of its ends has that number
    watched(first.client.write("for the copy"));
    CHECK(watched(waits(&second.server)));
    CHECK(watched(waits(&second.client)));
    CHECK(watched(one_by_one(&second, "abc")) == "abc");
    std::swap(second.client, second.server);
    CHECK(watched(one_by_one(&second, "abc")) == "abc");
}

TEST_CASE("kept watch: a socket that was released can be waited for as a descriptor, and made one again") {
    two_sockets both = pair();
    REQUIRE(watched(one_by_one(&both, "abc")) == "abc");
    troupe::descriptor given = std::move(both.server).release();
    const int fd = given.get();
    CHECK(watched(troupe::when_any(troupe::readable(fd), troupe::sleep_for(3ms))).index() == 1);
    watched(both.client.write("d"));
    watched(troupe::readable(fd));
    watched(troupe::readable(fd));
    both.server = troupe::socket(std::move(given));
    CHECK(watched(next_of(&both.server)) == 'd');
    CHECK(watched(one_by_one(&both, "efg")) == "efg");
}

TEST_CASE("kept watch: two that take turns at one open file of another number do not disturb each other") {
    two_sockets both = pair();
    REQUIRE(watched(one_by_one(&both, "abc")) == "abc");
    troupe::descriptor given = std::move(both.server).release();
    troupe::socket other(troupe::descriptor(::fcntl(given.get(), F_DUPFD_CLOEXEC, 0)));
    both.server = troupe::socket(std::move(given));
    for (int i = 0; i < 3; ++i) {
        CHECK(watched(one_by_one(&both, "ab")) == "ab");
        std::swap(both.server, other);
    }
}
