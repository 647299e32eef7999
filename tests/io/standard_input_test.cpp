// Standard input: of the program alone, and ended by Ctrl-C.
#include <csignal>
#include <string>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/family.hpp"
#include "watched.hpp"

namespace {

using killing::family;

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

TEST_CASE("standard input: that of an actor ends at once") { CHECK(watched(lines_of_an_actor()) == 0); }
