// How an actor's end is told: by code, signal or exception, to whoever joins, as often as it likes.
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using troupe::exit_status;
using troupe::spawn;
using troupe::task;

struct out_of_paper : std::runtime_error {
    using std::runtime_error::runtime_error;
};

int give(int code) { return code; }
task<int> give_later(int code) {
    co_await troupe::yield();
    co_return code;
}
void nothing() {}
void call_exit(int code) { std::exit(code); }
void die_of(int signal, bool with_core) {
    const rlimit none{0, 0};
    if (!with_core) setrlimit(RLIMIT_CORE, &none);
    std::signal(signal, SIG_DFL);
    raise(signal);
}
void throw_one(std::string text) { throw out_of_paper(text); }
task<> throw_later(std::string text) {
    co_await troupe::yield();
    throw out_of_paper(text);
}
void throw_number() { throw 7; }
task<> wait_for_ever(troupe::mailbox<int> inbox) { co_await inbox.receive(); }

template <auto Fn, class... Args>
task<exit_status> end_of(Args... args) {
    const auto one = co_await spawn<Fn>(std::move(args)...);
    co_return co_await one.join();
}

task<int> join_from_here(troupe::actor<> other) { co_return (co_await other.join()).code(); }

task<std::vector<exit_status>> join_often(int times) {
    const auto one = co_await spawn<give>(3);
    std::vector<exit_status> seen;
    for (int i = 0; i < times; ++i) seen.push_back(co_await one.join());
    co_return seen;
}

task<int> join_by_another(bool after_the_end) {
    const auto one = co_await spawn<wait_for_ever>();
    if (after_the_end) {
        one.kill();
        co_await one.join();
    }
    const auto other = co_await spawn<join_from_here>(one);
    if (!after_the_end) one.kill();
    co_return (co_await other.join()).code();
}

task<bool> joins_agree() {
    const auto one = co_await spawn<wait_for_ever>();
    auto joined = troupe::when_all(one.join(), one.join(), one.join());
    one.kill();
    const auto [a, b, c] = co_await std::move(joined);
    co_return a.code() == -SIGKILL&& a == b&& b == c;
}

}  // namespace

TEST_CASE("exit status: what an actor's function returns is its code, mod 256") {
    CHECK(watched(end_of<give>(0)).code() == 0);
    CHECK(watched(end_of<give>(42)).code() == 42);
    CHECK(watched(end_of<give>(256)).code() == 0);
    CHECK(watched(end_of<give>(-1)).code() == 255);
    CHECK(watched(end_of<give_later>(300)).code() == 44);
}

TEST_CASE("exit status: a function that returns nothing ends with 0") {
    const exit_status status = watched(end_of<nothing>());
    CHECK(status.success());
    CHECK(status.exited());
    CHECK_FALSE(status.signaled());
    CHECK_FALSE(status.lost());
    CHECK(to_string(status) == "exited with 0");
}

TEST_CASE("exit status: an actor may call exit") { CHECK(watched(end_of<call_exit>(9)).code() == 9); }

TEST_CASE("exit status: an actor that a signal ends has the signal's number, negated, as its code") {
    for (const int signal : {SIGKILL, SIGTERM, SIGUSR1, SIGALRM}) {
        const exit_status status = watched(end_of<die_of>(signal, false));
        CHECK(status.code() == -signal);
        CHECK(status.signal() == signal);
        CHECK(status.signaled());
        CHECK_FALSE(status.exited());
        CHECK_FALSE(status.core_dumped());
    }
}

TEST_CASE("exit status: a crash is a signal of one actor and nothing else") {
    CHECK(watched(end_of<die_of>(SIGSEGV, false)).code() == -SIGSEGV);
    CHECK(watched(end_of<die_of>(SIGABRT, false)).code() == -SIGABRT);
    CHECK(watched(end_of<give>(5)).code() == 5);
}

TEST_CASE("exit status: no core is reported where none was allowed") {
    CHECK_FALSE(watched(end_of<die_of>(SIGQUIT, false)).core_dumped());
}

TEST_CASE("exit status: an exception that nobody catches gives 1, and its type and text travel") {
    const exit_status status = watched(end_of<throw_one>(std::string("tray 2")));
    CHECK(status.code() == 1);
    CHECK(status.exited());
    CHECK(status.exception_type().find("out_of_paper") != std::string::npos);
    CHECK(status.exception_text() == "tray 2");
    CHECK(to_string(status).find("tray 2") != std::string::npos);
}

TEST_CASE("exit status: a coroutine's exception travels as well") {
    const exit_status status = watched(end_of<throw_later>(std::string("tray 3")));
    CHECK(status.code() == 1);
    CHECK(status.exception_text() == "tray 3");
}

TEST_CASE("exit status: an exception that is no std::exception has a type and no text") {
    const exit_status status = watched(end_of<throw_number>());
    CHECK(status.code() == 1);
    CHECK(status.exception_type() == "int");
    CHECK(status.exception_text().empty());
}

TEST_CASE("exit status: the text of an exception is cut at 511 bytes") {
    const std::string text(2000, 'x');
    CHECK(watched(end_of<throw_one>(text)).exception_text() == text.substr(0, 511));
}

TEST_CASE("join: it may be awaited many times, and gives the same each time") {
    const auto seen = watched(join_often(5));
    REQUIRE(seen.size() == 5);
    for (const exit_status& status : seen) CHECK(status.code() == 3);
}

TEST_CASE("join: several waits at a time all end") { CHECK(watched(joins_agree())); }

TEST_CASE("join: any holder of a reference may await the end") { CHECK(watched(join_by_another(false)) == 256 - 9); }

TEST_CASE("join: a holder that comes after the end gets the status too") {
    CHECK(watched(join_by_another(true)) == 256 - 9);
}
