// Rhythms, and times of day.
#include <troupe/error.hpp>
#include <troupe/sync_wait.hpp>
#include <troupe/ticks.hpp>
#include <troupe/time.hpp>
#include <troupe/when.hpp>

#include <chrono>
#include <limits>
#include <thread>

#include "catch.hpp"
#include "loop/event_loop.hpp"

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using std::chrono::system_clock;
using troupe::every;
using troupe::sync_wait;
using troupe::task;
using troupe::with_timeout;

constexpr std::chrono::duration<double> not_a_number{std::numeric_limits<double>::quiet_NaN()};
constexpr std::chrono::duration<double> infinite{std::numeric_limits<double>::infinity()};

template <class Wait>
bool goes_on(Wait wait) {
    try {
        sync_wait(with_timeout(2ms, std::move(wait)));
    } catch (const troupe::timed_out&) {
        return true;
    }
    return false;
}

}  // namespace

TEST_CASE("ticks: they are a period apart, whatever is done in between") {
    const auto begin = steady_clock::now();
    auto ticks = every(2ms);
    std::uint64_t passed = 0;
    while (passed < 20) {
        passed += 1 + sync_wait(ticks.next());
        REQUIRE(steady_clock::now() - begin >= 2ms * passed);
        std::this_thread::sleep_for(1ms);
    }
}

TEST_CASE("ticks: whoever is late is told how many were missed, and then is in time again") {
    auto ticks = every(5ms);
    const auto begin = steady_clock::now();
    std::this_thread::sleep_for(23ms);
    const std::uint64_t missed = sync_wait(ticks.next());
    REQUIRE(missed >= 3);
    const std::uint64_t more = sync_wait(ticks.next());
    REQUIRE(steady_clock::now() - begin >= 5ms * (missed + more + 2) - 1ms);
}

TEST_CASE("ticks: a wait that is cancelled has taken no tick") {
    auto ticks = every(20ms);
    REQUIRE(goes_on(ticks.next()));
    std::this_thread::sleep_for(21ms);
    sync_wait(ticks.next());
    REQUIRE(sync_wait(troupe::when_any(troupe::sleep_for(1h), ticks.next())).index() == 1);
}

TEST_CASE("ticks: each tick ends one wait") {
    auto ticks = every(3ms);
    const auto begin = steady_clock::now();
    const auto all = sync_wait(troupe::when_all(ticks.next(), ticks.next(), ticks.next()));
    const std::uint64_t missed = std::get<0>(all) + std::get<1>(all) + std::get<2>(all);
    REQUIRE(steady_clock::now() - begin >= 3ms * (missed + 3) - 1ms);
}

TEST_CASE("ticks: the longest period means never") {
    auto never = every(std::chrono::hours::max());
    REQUIRE(goes_on(never.next()));
    auto neither = every(infinite);
    REQUIRE(goes_on(neither.next()));
}

TEST_CASE("ticks: a period that is not longer than zero, or not a number, is misuse") {
    REQUIRE_THROWS_AS(every(0s), troupe::misuse);
    REQUIRE_THROWS_AS(every(-1ns), troupe::misuse);
    REQUIRE_THROWS_AS(every(std::chrono::hours::min()), troupe::misuse);
    REQUIRE_THROWS_AS(every(-infinite), troupe::misuse);
    REQUIRE_THROWS_AS(every(not_a_number), troupe::misuse);
    sync_wait(every(1ns).next());
    auto shortest = every(std::chrono::duration<double, std::pico>(1));
    sync_wait(shortest.next());
}

TEST_CASE("at: it ends not before its time") {
    const auto when = system_clock::now() + 5ms;
    sync_wait(troupe::at(when));
    REQUIRE(system_clock::now() >= when);
}

TEST_CASE("at: a time that has passed is no wait, and the latest is never") {
    sync_wait(troupe::at(system_clock::time_point{}));
    sync_wait(troupe::at(system_clock::time_point::min()));
    sync_wait(troupe::at(system_clock::now()));
    REQUIRE(goes_on(troupe::at(system_clock::time_point::max())));
    using hours = std::chrono::time_point<system_clock, std::chrono::hours>;
    REQUIRE(goes_on(troupe::at(hours::max())));
    sync_wait(troupe::at(hours::min()));
}

TEST_CASE("at: not a number is misuse") {
    using seconds = std::chrono::time_point<system_clock, std::chrono::duration<double>>;
    REQUIRE_THROWS_AS(troupe::at(seconds(not_a_number)), troupe::misuse);
}
