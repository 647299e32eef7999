// Signals that somebody asked for.
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string>

#include <sys/wait.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::exit_status;
using troupe::signals;
using troupe::spawn;
using troupe::task;
using numbers = troupe::queue<int>;

void raise_here(int signal) { ::kill(::getpid(), signal); }

bool is_default(int signal) {
    struct sigaction now{};
    ::sigaction(signal, nullptr, &now);
    return (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
}

task<> raise_later(int signal) {
    co_await troupe::sleep_for(2ms);
    raise_here(signal);
}

task<> tell_all(numbers told) {
    signals on({SIGHUP, SIGUSR1});
    co_await told.put(0);
    for (;;) {
        const int which = co_await on.next();
        co_await told.put(which);
    }
}

task<bool> told_in_an_actor() {
    numbers told;
    const auto one = co_await spawn<tell_all>(told);
    co_await told.get();
    bool right = true;
    for (const int signal : {SIGHUP, SIGUSR1, SIGHUP}) {
        ::kill(one.pid(), signal);
        const auto got = co_await told.get();
        right = right && got == signal;
    }
    one.terminate();
    co_await one.join();
    co_return right;
}

struct ping {
    using reply = int;
};
task<> answer(troupe::mailbox<ping> inbox) {
    co_await inbox.serve([](ping) { return 1; });
}
task<> answer_after_asking(troupe::mailbox<ping> inbox) {
    {
        const signals once({SIGUSR1, SIGQUIT});
    }
    co_await inbox.serve([](ping) { return 1; });
}

template <auto Actor>
task<int> answers_after(int signal, troupe::spawn_options options) {
    const auto one = co_await spawn<Actor>(options);
    co_await one.ask(ping{});
    ::kill(one.pid(), signal);
    const int answered = co_await one.ask(ping{});
    one.stop();
    co_await one.join();
    co_return answered;
}

// A copy of the program, which wants SIGALRM: there the signal does what it does by default.
task<exit_status> copy_gets(int signal) {
    const signals on({signal});
    const auto one = co_await spawn<&answer>({.method = troupe::start_method::fork});
    co_await one.ask(ping{});
    ::kill(one.pid(), signal);
    co_return co_await one.join();
}

std::string refusal(int signal) {
    try {
        const signals on({SIGUSR1, signal});
    } catch (const troupe::misuse& said) {
        return said.what();
    }
    return {};
}

}  // namespace

TEST_CASE("signals: whoever asked for one is told which has come") {
    signals on({SIGUSR1, SIGUSR2, SIGWINCH});
    for (const int signal : {SIGUSR2, SIGWINCH, SIGUSR1}) {
        raise_here(signal);
        CHECK(watched(on.next()) == signal);
    }
}
TEST_CASE("signals: a wait is ended by one that comes while the process sleeps") {
    signals on({SIGUSR1});
    watched(troupe::when_all(on.next(), raise_later(SIGUSR1)));
}
TEST_CASE("signals: of several that have come each is told once, the lowest first") {
    signals on({SIGUSR2, SIGHUP, SIGUSR1});
    for (const int signal : {SIGUSR2, SIGUSR1, SIGHUP, SIGUSR2}) raise_here(signal);
    for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2}) CHECK(watched(on.next()) == signal);
    CHECK_THROWS_AS(watched(troupe::with_timeout(1ms, on.next())), troupe::timed_out);
}
TEST_CASE("signals: a wait that is cancelled has taken none, and it is one of the waits of when_any") {
    signals on({SIGUSR1});
    CHECK_THROWS_AS(watched(troupe::with_timeout(1ms, on.next())), troupe::timed_out);
    raise_here(SIGUSR1);
    CHECK(watched(troupe::when_any(troupe::sleep_for(1h), on.next())).index() == 1);
}
TEST_CASE("signals: two that want the same are both told") {
    signals one({SIGUSR1}), two({SIGUSR1, SIGUSR2});
    raise_here(SIGUSR1);
    CHECK(watched(one.next()) == SIGUSR1);
    CHECK(watched(two.next()) == SIGUSR1);
}
TEST_CASE("signals: afterwards they do what they did before") {
    REQUIRE(is_default(SIGUSR1));
    {
        signals one({SIGUSR1});
        {
            const signals two({SIGUSR1});
        }
        CHECK_FALSE(is_default(SIGUSR1));
        signals moved = std::move(one);
        raise_here(SIGUSR1);
        CHECK(watched(moved.next()) == SIGUSR1);
        CHECK_THROWS_AS(one.next(), troupe::misuse);
    }
    CHECK(is_default(SIGUSR1));
}
TEST_CASE("signals: an actor that asked for SIGHUP is told of it") { CHECK(watched(told_in_an_actor())); }
TEST_CASE("signals: an actor that asks no more is not disturbed") {
    CHECK(watched(answers_after<&answer_after_asking>(SIGUSR1, {})) == 1);
}
TEST_CASE("signals: a copy of a process that asked for one has not asked") {
    const signals on({SIGUSR1});
    CHECK(watched(answers_after<&answer>(SIGUSR1, {.method = troupe::start_method::fork})) == 1);
    CHECK(watched(copy_gets(SIGALRM)).signal() == SIGALRM);
}
TEST_CASE("signals: those that end a process are refused, and so is what is no signal") {
    for (const int signal : {SIGINT, SIGTERM}) CHECK_THAT(refusal(signal), checks::contains("catch troupe::cancelled"));
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) {
        CHECK_THAT(refusal(signal), checks::contains("crash"));
    }
    for (const int signal : {SIGKILL, SIGSTOP}) CHECK_THAT(refusal(signal), checks::contains("no process can catch"));
    for (const int signal : {0, -1, 65, 1000}) CHECK_THAT(refusal(signal), checks::contains("there is no signal"));
    CHECK_THAT(refusal(32), checks::contains("C library"));
    CHECK(is_default(SIGUSR1));  // a refusal has taken none of the others
    CHECK_THROWS_AS(signals({}), troupe::misuse);
}
TEST_CASE("signals: a handler of the program's own is not replaced") {
    std::signal(SIGUSR2, [](int) {});
    CHECK_THAT(refusal(SIGUSR2), checks::contains("a handler of its own for SIGUSR2"));
    std::signal(SIGUSR2, SIG_DFL);
}
