// Commands whose actor is killed at every step: nothing of them is left, neither the command nor what it has started.
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "command/commands.hpp"
#include "kill/family.hpp"
#include "kill/warrant.hpp"

using namespace std::chrono_literals;
using killing::family;

namespace {

// --- killed while it starts one

troupe::task<> start_some() {
    killing::take_warrant();
    try {
        co_await troupe::command({"no-such-program"}).run();
    } catch (const troupe::spawn_failed&) {
    }
    auto one = co_await troupe::command({"sleep", "1000"}).start();
    co_await troupe::command({"true"}).run();
    co_await one.end();
}

troupe::task<troupe::exit_status> killed_while_starting() {
    co_return co_await (co_await troupe::spawn<&start_some>()).join();
}

// --- killed while some run

using pids = troupe::queue<int>;

troupe::task<> have_two(pids told) {
    auto one = co_await commanding::shell("trap '' TERM HUP INT; sleep 1000 & echo $!; wait").start();
    auto other = co_await troupe::command({"sleep", "1000"}).start();
    co_await told.put(co_await commanding::read_pid(&one.output()));
    co_await told.put(one.pid());
    co_await told.put(other.pid());
    co_await troupe::sleep_for(24h);
}

void crash_with_one(pids told) {
    auto one = troupe::sync_wait(troupe::command({"sleep", "1000"}).start());
    troupe::sync_wait(told.put(one.pid()));
    raise(SIGKILL);
}

}  // namespace

TEST_CASE("commands: an actor that is killed at any step of starting one leaves nothing") {
    CHECK(killing::dies_at_each({"command: cell claimed", "command: process made", "command: told of"},
                                &killed_while_starting));
}

TEST_CASE("commands: kill -9 of an actor kills its commands, and what is in their groups") {
    watched([]() -> troupe::task<> {
        pids told;
        auto actor = co_await troupe::spawn<&have_two>(told);
        std::vector<int> all;
        for (int i = 0; i < 3; ++i) all.push_back((co_await told.get()).value());
        actor.kill();
        for (const int pid : all) co_await commanding::until_over(pid);
    }());
}

TEST_CASE("commands: an actor that is started again does not meet the commands of its last process") {
    watched([]() -> troupe::task<> {
        pids told;
        troupe::supervisor keeps({.max_restarts = 1000, .back_off = 0ns});
        co_await keeps.spawn<&crash_with_one>({.name = "crashing"}, told);
        for (int i = 0; i < 2; ++i) co_await commanding::until_over((co_await told.get()).value());
        co_await keeps.stop();
    }());
}

TEST_CASE("commands: a program that is told to end ends its commands, and those of its actors") {
    family told("commanding");
    REQUIRE_THAT(told.read_to("ready"), checks::contains("ready"));
    CHECK(told.meet() >= 3);
    told.signal(SIGTERM);
    CHECK(told.end() == -SIGTERM);
    CHECK(told.nobody_is_left());
}

TEST_CASE("commands: kill -9 of the program leaves no command") {
    family doomed("commanding");
    REQUIRE_THAT(doomed.read_to("ready"), checks::contains("ready"));
    CHECK(doomed.meet() >= 3);
    doomed.signal(SIGKILL);
    CHECK(doomed.end() == -SIGKILL);
    CHECK(doomed.nobody_is_left());
}
