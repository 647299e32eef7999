// Standard input: of the program alone, and ended by Ctrl-C.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/family.hpp"
#include "watched.hpp"

namespace {

using killing::family;
using namespace std::chrono_literals;

troupe::task<> read_a_line(troupe::queue<int> answers) {
    std::string line;
    const bool more = co_await troupe::standard_input().read_line(line);
    co_await answers.put(more ? 1 : 0);
}

troupe::task<int> lines_of_an_actor() {
    troupe::queue<int> answers;
    const auto one = co_await troupe::spawn<&read_a_line>(answers);
    const auto answer = co_await answers.get();
    co_await one.join();
    co_return answer.value_or(-1);
}

}  // namespace

TEST_CASE("standard input: the program reads its lines, and other coroutines go on meanwhile") {
    family reading("reading");
    REQUIRE_THAT(reading.read_to("ready"), checks::contains("ready"));
    reading.read_to("tick", 2);
    reading.type("typed\n");
    CHECK_THAT(reading.read_to("read typed"), checks::contains("read typed"));
    reading.type("\x04");  // Ctrl-D
    CHECK(reading.end() == 0);
}

TEST_CASE("standard input: the first Ctrl-C ends its read, and the program unwinds") {
    family reading("reading");
    REQUIRE_THAT(reading.read_to("ready"), checks::contains("ready"));
    reading.press_control_c();
    CHECK_THAT(reading.read_to("program unwound"), checks::contains("program unwound"));
    CHECK(reading.end() == -SIGINT);
}

// The flag is the open file's, and whoever shares that sets it and takes it off.
TEST_CASE("standard input: a read does not block, though the flag is taken off that was there at first") {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    const int before = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    REQUIRE(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    REQUIRE(write(ends[1], "a\n", 2) == 2);
    std::string line;
    CHECK(watched(troupe::standard_input().read_line(line)));
    CHECK(line == "a");
    REQUIRE(fcntl(ends[0], F_SETFL, 0) == 0);
    CHECK_THROWS_AS(watched(troupe::with_timeout(1ms, troupe::standard_input().read_line(line))), troupe::timed_out);
    dup2(before, STDIN_FILENO);
    for (const int fd : {before, ends[0], ends[1]}) close(fd);
}

TEST_CASE("standard input: that of an actor ends at once") { CHECK(watched(lines_of_an_actor()) == 0); }
