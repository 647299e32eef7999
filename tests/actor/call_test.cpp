// Calls: one function in a process of its own, what it returns, and what becomes of it otherwise.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "base/owned_fd.hpp"
#include "catch.hpp"
#include "process/pidfd.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::call;
using troupe::exit_status;
using troupe::outcome_of;
using troupe::task;

// --- what is called

int add(int a, int b) { return a + b; }
task<std::string> greet(std::string name) {
    co_await troupe::sleep_for(1ms);
    co_return "hello " + name;
}
void touch_nothing() {}
task<> wait_a_moment() { co_await troupe::sleep_for(1ms); }
int refuse(std::string text) { throw std::invalid_argument(text); }
task<int> refuse_later(std::string text) {
    co_await troupe::sleep_for(1ms);
    throw std::invalid_argument(text);
}
int die_of(int signal) {
    std::raise(signal);
    return 0;
}
int leave_with(int code) { std::exit(code); }
int answer_and_crash() {
    std::atexit([] { std::raise(SIGSEGV); });
    return 42;
}
task<int> never() {
    co_await troupe::sleep_for(24h);
    co_return 0;
}
int busy_for_ever() {
    for (;;) asm volatile("");
}
std::vector<double> numbers(std::size_t count) { return std::vector<double>(count, 1.5); }
std::string name_and_directory() { return troupe::this_actor::name() + " in " + std::string(get_current_dir_name()); }
troupe::buffer a_buffer() {
    troupe::buffer made(3);
    made.bytes()[2] = std::byte{7};
    return made;
}
task<int> call_another(int depth) {
    if (depth == 0) co_return 0;
    const int below = co_await call<&call_another>(depth - 1);
    co_return below + 1;
}
void report_pid(troupe::queue<int> to) {
    troupe::sync_wait(to.put(getpid()));
    for (;;) pause();
}
std::string far_too_large() { return std::string((std::size_t{1} << 30) + 1, 'x'); }

// Of a process whose actor is not known here, a pidfd tells.
task<> until_ended(int pid) {
    const troupe::base::owned_fd process = troupe::process::open_pidfd(pid);
    if (process) {
        co_await troupe::readable(process.get());
    } else {
        CHECK(errno == ESRCH);
    }
}

}  // namespace

TEST_CASE("A call gives what the function returns") {
    CHECK(watched(call<&add>(2, 3)) == 5);
    CHECK(watched(call<[](int a) { return a * 2; }>(21)) == 42);
}

TEST_CASE("A call waits for a function that is a coroutine") {
    CHECK(watched(call<&greet>("Ada")) == "hello Ada");
    watched(call<&wait_a_moment>());
}

TEST_CASE("A call of a function that returns nothing ends when it has returned") { watched(call<&touch_nothing>()); }

TEST_CASE("A call throws what the function throws, with its type and text") {
    for (const bool later : {false, true}) {
        const auto what = watched(outcome_of(later ? call<&refuse_later>("no") : call<&refuse>("no")));
        REQUIRE_FALSE(what.ok());
        CHECK(what.why() == "the handler threw std::invalid_argument: no");
        CHECK_FALSE(what.status().has_value());
        try {
            static_cast<void>(what.value());
        } catch (const troupe::remote_error& e) {
            CHECK(e.type() == "std::invalid_argument");
            CHECK(e.text() == "no");
        }
    }
}

TEST_CASE("A call throws how the process ended if it gave no answer") {
    const auto killed = watched(outcome_of(call<&die_of>(SIGKILL)));
    REQUIRE(killed.status().has_value());
    CHECK(killed.status()->signal() == SIGKILL);
    CHECK(killed.why().find("signal 9 (SIGKILL)") != std::string::npos);
    const auto left = watched(outcome_of(call<&leave_with>(3)));
    REQUIRE(left.status().has_value());
    CHECK(left.status()->code() == 3);
}

TEST_CASE("A value that was given counts, however the process ends after it") {
    CHECK(watched(call<&answer_and_crash>()) == 42);
}

TEST_CASE("A call that nobody waits for any more kills its process") {
    auto pids = troupe::queue<int>();
    const auto first = watched(troupe::when_any(call<&report_pid>(pids), pids.get()));  // cancels the call
    REQUIRE(first.index() == 1);
    const std::optional<int> pid = std::get<1>(first);
    REQUIRE(pid.has_value());
    watched(until_ended(*pid));
}

TEST_CASE("A call that is cancelled kills its process, wherever it is") {
    for (const auto after : {0us, 200us, 500us, 1000us, 3000us, 20000us}) {
        const auto late = watched(outcome_of(troupe::with_timeout(after, call<&busy_for_ever>())));
        CHECK_FALSE(late.ok());
        const auto waiting = watched(outcome_of(troupe::with_timeout(after, call<&never>())));
        CHECK_FALSE(waiting.ok());
    }
}

TEST_CASE("What a call returns may be large") {
    const auto many = watched(call<&numbers>(100'000));
    CHECK(many.size() == 100'000);
    CHECK(many.back() == 1.5);
}

TEST_CASE("What a call returns may be a buffer") {
    const troupe::buffer made = watched(call<&a_buffer>());
    REQUIRE(made.size() == 3);
    CHECK(made.bytes()[2] == std::byte{7});
}

TEST_CASE("A call whose result is too large says so") {
    const auto what = watched(outcome_of(call<&far_too_large>()));
    CHECK(what.why().find("troupe::too_large") != std::string::npos);
}

TEST_CASE("A call takes the options of a spawn") {
    CHECK(watched(call<&name_and_directory>({.name = "clerk", .directory = "/usr"})) == "clerk in /usr");
    CHECK(watched(call<&name_and_directory>({.directory = "/usr"})) == "name_and_directory in /usr");
    const auto refused = watched(outcome_of(call<&add>({.directory = "/does/not/exist"}, 1, 2)));
    CHECK(refused.why().find("/does/not/exist") != std::string::npos);
}

TEST_CASE("A function that is called may call others") { CHECK(watched(call<&call_another>(3)) == 3); }

TEST_CASE("Calls run side by side, and each has its own outcome") {
    std::vector<task<int>> calls;
    for (int i = 0; i < 8; ++i) calls.push_back(i == 3 ? call<&die_of>(SIGKILL) : call<&add>(i, i));
    const auto outcomes = watched(troupe::when_all_settled(std::move(calls)));
    REQUIRE(outcomes.size() == 8);
    for (std::size_t i = 0; i < 8; ++i) {
        CHECK(outcomes[i].index() == i);
        CHECK(outcomes[i].ok() == (i != 3));
        if (i != 3) CHECK(outcomes[i].value() == static_cast<int>(2 * i));
    }
    CHECK(outcomes[3].status()->signal() == SIGKILL);
}
