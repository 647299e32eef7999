// Signals that reach more than one process, or come more than once.
#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/family.hpp"
#include "watched.hpp"

namespace {

using killing::family;
using namespace std::chrono_literals;
using troupe::exit_status;
using troupe::task;
using words = troupe::queue<std::string>;

// Told to end, it cleans up for as long as somebody takes to say that it may go on.
task<> clean_up(words told, words go_on) {
    co_await told.put("waits");
    bool ending = false;
    try {
        co_await troupe::sleep_for(1h);
    } catch (const troupe::cancelled&) {
        ending = true;
    }
    if (!ending) co_return;
    co_await told.put("cleaning");
    co_await go_on.get();
    co_await told.put("cleaned");
}

task<exit_status> terminate_again_and_again() {
    words told, go_on;
    const auto one = co_await troupe::spawn<&clean_up>(told, go_on);
    co_await told.get();
    one.terminate(1h);
    const auto cleaning = co_await told.get();
    CHECK(cleaning.value() == "cleaning");
    one.terminate(1h);
    ::kill(one.pid(), SIGTERM);
    co_await go_on.put("go on");
    const auto cleaned = co_await told.get();
    CHECK(cleaned.value() == "cleaned");
    co_return co_await one.join();
}

struct ping {
    using reply = int;
};
task<> answer(troupe::mailbox<ping> inbox) {
    co_await inbox.serve([](ping) { return 1; });
}

task<int> ask_after(int signal) {
    const auto one = co_await troupe::spawn<&answer>();
    ::kill(one.pid(), signal);
    const int answered = co_await one.ask(ping{});
    one.stop();
    co_await one.join();
    co_return answered;
}

task<exit_status> quit() {
    const auto one = co_await troupe::spawn<&answer>({.limits = {.core_size = 0}});
    ::kill(one.pid(), SIGQUIT);
    co_return co_await one.join();
}

}  // namespace

TEST_CASE("signals: a SIGTERM that comes again does not cut off a clean-up") {
    CHECK(watched(terminate_again_and_again()).code() == -SIGTERM);
}

TEST_CASE("signals: SIGHUP, SIGUSR1 and SIGUSR2 do nothing in an actor") {
    for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2}) CHECK(watched(ask_after(signal)) == 1);
}

TEST_CASE("signals: a SIGQUIT that was sent to an actor ends it") { CHECK(watched(quit()).code() == -SIGQUIT); }

TEST_CASE("signals: what is sent to the whole group reaches the program alone, and new actors start as before") {
    family asking("asking");
    REQUIRE_THAT(asking.read_to("ready"), checks::contains("ready"));
    asking.type("\x1c");  // Ctrl-backslash
    std::size_t answers = 0;
    for (const int signal : {0, SIGHUP, SIGUSR1, SIGUSR2}) {
        if (signal != 0) asking.signal_group(signal);
        ++answers;
        REQUIRE(killing::lines_with(asking.read_to("answered", answers), "answered") == answers);
    }
    CHECK(asking.end() == 0);
}

TEST_CASE("signals: what is sent to the whole group while a command begins does not reach it") {
    family signalled("signalled");
    REQUIRE_THAT(signalled.read_to("ready"), checks::contains("ready"));
    std::atomic<bool> over = false;
    std::thread sender([&] {
        while (!over) {
            signalled.signal_group(SIGUSR1);
            std::this_thread::sleep_for(10us);
        }
    });
    const std::string said = signalled.read_to("all ran");
    over = true;
    sender.join();
    CHECK_THAT(said, checks::contains("all ran"));
    CHECK(signalled.end() == 0);
}

TEST_CASE("signals: a second SIGTERM does not cut off the clean-up of the program") {
    family cleaning("cleaning");
    REQUIRE_THAT(cleaning.read_to("ready"), checks::contains("ready"));
    cleaning.signal(SIGTERM);
    REQUIRE_THAT(cleaning.read_to("cleaning"), checks::contains("cleaning"));
    for (int i = 0; i < 3; ++i) cleaning.signal_group(SIGTERM);
    cleaning.type("\n");
    CHECK_THAT(cleaning.read_to("cleaned"), checks::contains("cleaned"));
    CHECK(cleaning.end() == -SIGTERM);
}

TEST_CASE("signals: Ctrl-C ends a program that cleans up, whatever it was told before") {
    for (const int first : {SIGTERM, SIGINT}) {
        family cleaning("cleaning");
        REQUIRE_THAT(cleaning.read_to("ready"), checks::contains("ready"));
        cleaning.signal(first);
        REQUIRE_THAT(cleaning.read_to("cleaning"), checks::contains("cleaning"));
        cleaning.press_control_c();
        CHECK(cleaning.end() == -SIGINT);
    }
}
