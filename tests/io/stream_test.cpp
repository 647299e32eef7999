// Streams of bytes: lines, exact amounts, and what ends a read or a write.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "io/connected.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using outside::number_of;
using outside::piped;
using outside::text_of;
using outside::two_streams;
using troupe::task;

task<std::vector<std::string>> lines_of(troupe::input_stream* in) {
    std::vector<std::string> all;
    std::string line;
    for (;;) {
        const bool more = co_await in->read_line(line);
        if (!more) co_return all;
        all.push_back(line);
    }
}

task<> write_and_close(troupe::output_stream* out, std::string bytes) {
    co_await out->write(bytes);
    out->close();
}

task<std::vector<std::string>> lines_through_pipe(std::string bytes) {
    two_streams both = piped();
    auto done = co_await troupe::when_all(lines_of(&both.in), write_and_close(&both.out, std::move(bytes)));
    co_return std::get<0>(std::move(done));
}

task<std::size_t> count_all(troupe::input_stream* in) {
    std::array<char, 1000> room;
    std::size_t all = 0;
    for (;;) {
        const std::size_t got = co_await in->read_some(room);
        if (got == 0) co_return all;
        all += got;
    }
}

task<std::string> after_a_cancelled_line(two_streams* both) {
    std::string line;
    co_await both->out.write("half");
    const auto first = co_await troupe::when_any(both->in.read_line(line), troupe::sleep_for(1ms));
    if (first.index() != 1) co_return "it did not wait";
    co_await both->out.write(" and half\n");
    co_await both->in.read_line(line);
    co_return line;
}

task<std::string> after_a_cancelled_exact_read(two_streams* both) {
    std::array<char, 8> room{};
    co_await both->out.write("1234");
    try {
        co_await troupe::with_timeout(1ms, both->in.read_exactly(room));
    } catch (const troupe::timed_out&) {
    }
    co_await both->out.write("5678");
    co_await both->in.read_exactly(room);
    co_return std::string(room.data(), room.size());
}

int flags_of(int fd) { return ::fcntl(fd, F_GETFL); }

}  // namespace

TEST_CASE("stream: read_line gives line after line, and what stands behind the last newline") {
    CHECK(watched(lines_through_pipe("one\n\nthree\nrest")) == std::vector<std::string>{"one", "", "three", "rest"});
    CHECK(watched(lines_through_pipe("")).empty());
    CHECK(watched(lines_through_pipe("\n")) == std::vector<std::string>{""});
}

TEST_CASE("stream: a line may be as long as the limit, and longer than a pipe is") {
    const std::string line(troupe::longest_line, 'x');
    CHECK(watched(lines_through_pipe(line + "\nshort\n")) == std::vector<std::string>{line, "short"});
}

TEST_CASE("stream: a line without end is too large, and can still be read") {
    two_streams both = piped();
    watched(both.out.write("12345678\n"));
    std::string line;
    CHECK(watched(text_of<troupe::too_large>(both.in.read_line(line, 7))).find("7 bytes") != std::string::npos);
    CHECK(watched(both.in.read_line(line, 8)));
    CHECK(line == "12345678");
}

TEST_CASE("stream: a peer that sends for ever without a newline is cut off at the limit") {
    two_streams both = piped();
    const auto for_ever = [](troupe::output_stream* out) -> task<> {
        for (;;) co_await out->write("xxxxxxxxxxxxxxxx");
    };
    std::string line;
    const auto ended =
        watched(troupe::when_any(text_of<troupe::too_large>(both.in.read_line(line, 100'000)), for_ever(&both.out)));
    CHECK(std::get<0>(ended).find("no newline") != std::string::npos);
}

TEST_CASE("stream: a read that is cancelled has taken nothing") {
    two_streams both = piped();
    CHECK(watched(after_a_cancelled_line(&both)) == "half and half");
    CHECK(watched(after_a_cancelled_exact_read(&both)) == "12345678");
}

TEST_CASE("stream: read_exactly gives all, nothing at the end, and fails in between") {
    two_streams both = piped();
    watched(both.out.write("abcdef"));
    both.out.close();
    std::array<char, 4> room{};
    CHECK(watched(both.in.read_exactly(room)));
    CHECK(std::string(room.data(), 4) == "abcd");
    CHECK(watched(text_of<troupe::closed>(both.in.read_exactly(room))).find("2 of the 4") != std::string::npos);
    CHECK(watched(both.in.read_some(room)) == 2);
    CHECK_FALSE(watched(both.in.read_exactly(room)));
    CHECK(watched(both.in.read_some(room)) == 0);
}

TEST_CASE("stream: write waits for a slow reader, and all arrives") {
    for (const int flags : {0, O_NONBLOCK}) {
        two_streams both = piped(flags);
        const std::string much(1'000'003, 'z');
        const auto done = watched(troupe::when_all(count_all(&both.in), write_and_close(&both.out, much)));
        CHECK(std::get<0>(done) == much.size());
    }
}

TEST_CASE("stream: a long read of what is always there lets others run, and can be timed out") {
    const auto zeros = [] {
        return troupe::input_stream(troupe::descriptor(::open("/dev/zero", O_RDONLY | O_CLOEXEC)));
    };
    troupe::input_stream one = zeros(), other = zeros();
    std::vector<char> much(std::size_t{48} << 20);
    const auto first = watched(troupe::when_any(one.read_exactly(much), troupe::yield()));
    CHECK(first.index() == 1);
    std::string line;
    CHECK_THROWS_AS(watched(troupe::with_timeout(1ms, other.read_line(line, std::size_t{1} << 30))), troupe::timed_out);
}

TEST_CASE("stream: a write that nobody reads can be timed out") {
    two_streams both = piped();
    const std::string much(1'000'000, 'z');
    CHECK_THROWS_AS(watched(troupe::with_timeout(1ms, both.out.write(much))), troupe::timed_out);
}

TEST_CASE("stream: a write to a pipe without a reader is an error, and no signal") {
    two_streams both = piped();
    both.in.close();
    CHECK(watched(number_of(both.out.write("nobody"))) == EPIPE);
    sigset_t pending;
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGPIPE) == 0);
    CHECK(watched(text_of<troupe::io_failed>(both.out.write("nobody"))).find("the peer has gone") != std::string::npos);
}

TEST_CASE("stream: the flags of an open file are left alone") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const int before = flags_of(ends[0]);
    troupe::input_stream in((troupe::descriptor(ends[0])));
    troupe::output_stream out((troupe::descriptor(ends[1])));
    watched(out.write("x\n"));
    std::string line;
    watched(in.read_line(line));
    CHECK(flags_of(ends[0]) == before);
}

TEST_CASE("stream: a file and a socket pair are streams as well") {
    char name[] = "/tmp/stream_test.XXXXXX";
    const int file = ::mkstemp(name);
    troupe::output_stream to_file((troupe::descriptor(file)));
    watched(to_file.write(std::string(3'000'000, 'f')));
    troupe::input_stream from_file(troupe::descriptor(::open(name, O_RDONLY | O_CLOEXEC)));
    ::unlink(name);
    CHECK(watched(count_all(&from_file)) == 3'000'000);

    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    troupe::input_stream in((troupe::descriptor(ends[0])));
    troupe::output_stream out((troupe::descriptor(ends[1])));
    watched(out.write("over a socket\n"));
    std::string line;
    watched(in.read_line(line));
    CHECK(line == "over a socket");
}

TEST_CASE("stream: released, it gives its descriptor away, unless something was read ahead") {
    two_streams both = piped();
    watched(both.out.write("one\ntwo\n"));
    std::string line;
    watched(both.in.read_line(line));
    CHECK_THROWS_AS(std::move(both.in).release(), troupe::misuse);
    watched(both.in.read_line(line));
    const troupe::descriptor given = std::move(both.in).release();
    CHECK(given.get() >= 0);
    CHECK_FALSE(both.in);
}

TEST_CASE("stream: wrong use is told at the call") {
    CHECK_THROWS_AS(troupe::descriptor(987'654), troupe::misuse);
    CHECK_THROWS_AS(troupe::descriptor(-1), troupe::misuse);
    CHECK_THROWS_AS(troupe::input_stream(troupe::descriptor()), troupe::misuse);
    std::string line;
    troupe::input_stream empty;
    CHECK_THROWS_AS(empty.read_line(line), troupe::misuse);
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    CHECK_THROWS_AS(troupe::output_stream(troupe::descriptor(ends[0])), troupe::misuse);
    CHECK_THROWS_AS(troupe::input_stream(troupe::descriptor(ends[1])), troupe::misuse);
}

TEST_CASE("stream: two coroutines that read from one stream at the same time are told so") {
    two_streams both = piped();
    std::string one, two;
    const auto ended =
        watched(troupe::when_any(both.in.read_line(one), text_of<troupe::misuse>(both.in.read_line(two))));
    CHECK(std::get<1>(ended).find("two coroutines read") != std::string::npos);
}
