// Durations at the ends of their ranges, at every call that takes one.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <limits>
#include <ratio>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using seconds_as_double = std::chrono::duration<double>;
using troupe::task;

constexpr seconds_as_double not_a_number{std::numeric_limits<double>::quiet_NaN()};
constexpr seconds_as_double infinite{std::numeric_limits<double>::infinity()};

struct ping {
    using reply = unsigned;
};
using server = troupe::actor<ping>;

task<> serve(troupe::mailbox<ping> inbox) {
    co_await inbox.serve([](ping) { return troupe::this_actor::incarnation(); });
}

template <class Call>
bool is_misuse(Call call) {
    try {
        call();
    } catch (const troupe::misuse&) {
        return true;
    }
    return false;
}

template <class Duration>
task<bool> sleeps(Duration length) {
    try {
        co_await troupe::with_timeout(1ms, troupe::sleep_for(length));
    } catch (const troupe::timed_out&) {
        co_return true;
    }
    co_return false;
}

template <class Duration>
task<bool> is_over(Duration length) {
    try {
        co_await troupe::with_timeout(length, troupe::sleep_for(24h));
    } catch (const troupe::timed_out&) {
        co_return true;
    }
    co_return false;
}

// With that limit a server lives, whatever it does for a while.
template <class Duration>
task<> lives_with(Duration deadline) {
    const auto one = co_await troupe::spawn<serve>({.message_deadline = deadline});
    auto one_answer = co_await one.ask(ping{}, 20s);
    CHECK(one_answer == 0);
    co_await troupe::sleep_for(150ms);  // a deadline that has passed at birth is noticed, and the actor killed
    one_answer = co_await one.ask(ping{}, std::chrono::hours::max());
    CHECK(one_answer == 0);
    one.terminate(std::chrono::hours::max());
    const auto one_status = co_await one.join();
    CHECK(one_status.signal() == SIGTERM);
}

task<> ends_of_actors() {
    co_await lives_with(std::chrono::nanoseconds::max());
    co_await lives_with(std::chrono::hours::max());
    co_await lives_with(24h * 365 * 290);
    co_await lives_with(infinite);
    const auto one = co_await troupe::spawn<serve>();
    bool answered = true;
    try {
        co_await one.ask(ping{}, std::chrono::hours::min());
    } catch (const troupe::timed_out&) {
        answered = false;
    }
    CHECK_FALSE(answered);
    CHECK(is_misuse([&one] { static_cast<void>(one.ask(ping{}, not_a_number)); }));
    CHECK(is_misuse([&one] { one.terminate(not_a_number); }));
    one.terminate(std::chrono::hours::min());
    const auto one_status = co_await one.join();
    CHECK(one_status.signaled());
    CHECK(is_misuse([] { static_cast<void>(troupe::spawn_options{.message_deadline = not_a_number}); }));
    bool refused = false;
    try {
        co_await troupe::spawn<serve>({.message_deadline = std::chrono::hours::min()});
    } catch (const troupe::spawn_failed&) {
        refused = true;
    }
    CHECK(refused);
}

task<> supervised() {
    constexpr auto most = std::chrono::hours::max();
    troupe::supervisor crew({.window = most, .back_off = 0s, .most_back_off = infinite});
    auto one = co_await crew.spawn<serve>({.stop_budget = most}, {.name = "one"});
    for (unsigned i = 0; i < 2; ++i) {
        one.kill();
        for (unsigned now = i; now == i;) {
            try {
                now = co_await one.ask(ping{}, 20s);
            } catch (const troupe::actor_died&) {
            }
        }
    }
    bool refused = false;
    try {
        co_await crew.spawn<serve>({.stop_budget = std::chrono::hours::min()}, {});
    } catch (const troupe::misuse&) {
        refused = true;
    }
    CHECK(refused);
    co_await crew.stop();
    // Its second restart is put off for ever, and still it is stopped.
    troupe::supervisor patient({.window = most, .back_off = most, .most_back_off = most});
    auto other = co_await patient.spawn<serve>({.name = "other"});
    other.kill();
    while (co_await other.ask(ping{}, 20s) != 1) {
    }
    other.kill();
    while (other.pid() != 0) co_await troupe::sleep_for(1ms);
    co_await patient.stop();
    CHECK_FALSE(other.alive());
}

}  // namespace

TEST_CASE("durations: the longest mean never, the least no time, of any unit and type") {
    CHECK(watched(sleeps(std::chrono::nanoseconds::max())));
    CHECK(watched(sleeps(std::chrono::hours::max())));
    CHECK(watched(sleeps(infinite)));
    CHECK(watched(sleeps(std::chrono::duration<float, std::ratio<31556952>>(1e30f))));
    CHECK(
        watched(sleeps(std::chrono::duration<std::int64_t, std::ratio<1, 44100>>(std::int64_t{44100} * 86400 * 365))));
    CHECK_FALSE(watched(sleeps(std::chrono::nanoseconds::min())));
    CHECK_FALSE(watched(sleeps(std::chrono::hours::min())));
    CHECK_FALSE(watched(sleeps(-infinite)));
    CHECK(watched(is_over(std::chrono::hours::min())));
    CHECK(watched(is_over(-infinite)));
    watched(troupe::with_timeout(std::chrono::hours::max(), troupe::yield()));
    watched(troupe::sleep_until(std::chrono::steady_clock::time_point::min()));
    watched(troupe::sleep_until(std::chrono::steady_clock::time_point{}));
}
TEST_CASE("durations: not a number is misuse") {
    CHECK(is_misuse([] { static_cast<void>(troupe::sleep_for(not_a_number)); }));
    CHECK(is_misuse([] { static_cast<void>(troupe::with_timeout(not_a_number, troupe::yield())); }));
    CHECK(is_misuse([] { troupe::supervisor({.window = not_a_number}); }));
    CHECK(is_misuse([] { static_cast<void>(troupe::supervision{.stop_budget = not_a_number}); }));
    CHECK(is_misuse([] { static_cast<void>(troupe::run_options{.end_budget = not_a_number}); }));
}
TEST_CASE("durations: deadlines and budgets of actors") { watched(ends_of_actors()); }
TEST_CASE("durations: those of a supervisor") { watched(supervised()); }
TEST_CASE("durations: a supervisor refuses what makes no sense") {
    CHECK(is_misuse([] { troupe::supervisor({.window = 0s}); }));
    CHECK(is_misuse([] { troupe::supervisor({.window = std::chrono::hours::min()}); }));
    CHECK(is_misuse([] { troupe::supervisor({.back_off = -1ns}); }));
    CHECK(is_misuse([] { troupe::supervisor({.back_off = 2s, .most_back_off = 1s}); }));
}
