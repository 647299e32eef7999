// Actors that wait in a loop of their own, of which troupe knows nothing but wakeup_fd and turn.
#include <chrono>
#include <coroutine>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::exit_status;
using troupe::spawn;
using troupe::task;
using numbers = troupe::queue<int>;
namespace this_actor = troupe::this_actor;

struct ask_number {
    using reply = int;
    int number = 0;
};

bool is_readable(int fd, int milliseconds) {
    pollfd look{fd, POLLIN, 0};
    return ::poll(&look, 1, milliseconds) > 0;
}

// A ring that is late makes the descriptor readable once more.
void turn_until_quiet(int fd) {
    do {
        this_actor::turn();
    } while (is_readable(fd, 5));
}

// The other library's loop, until the actor is to end or `over` says so.
template <class Over>
void turn_until(Over over) {
    const int fd = this_actor::wakeup_fd();
    this_actor::turn();
    while (!over()) {
        is_readable(fd, -1);
        this_actor::turn();
    }
}

task<> answer(troupe::mailbox<ask_number> inbox) {
    co_await inbox.serve([](ask_number asked) { return asked.number + 1; });
}

int answering(troupe::mailbox<ask_number> inbox) {
    this_actor::start(answer(std::move(inbox)));
    try {
        turn_until([] { return false; });
    } catch (const troupe::cancelled&) {
    }
    return 5;
}

task<int> ask_a_hundred_times() {
    const auto one = co_await spawn<answering>();
    int sum = 0;
    for (int i = 0; i < 100; ++i) sum += co_await one.ask(ask_number{i});
    one.stop();
    const exit_status end = co_await one.join();
    co_return end.code() == 5 ? sum : -1;
}

task<exit_status> terminate_it() {
    const auto one = co_await spawn<answering>();
    co_await one.ask(ask_number{});
    one.terminate();
    co_return co_await one.join();
}

// What troupe's waits are: a timer, a queue and a descriptor.
task<> sleep_a_moment(int& awake) {
    co_await troupe::sleep_for(3ms);
    ++awake;
}

int count_timers() {
    int awake = 0;
    for (int i = 0; i < 3; ++i) this_actor::start(sleep_a_moment(awake));
    turn_until([&] { return awake == 3; });
    return awake;
}

task<> pass_on(numbers from, numbers to) {
    for (;;) {
        const auto next = co_await from.get();
        if (!next) co_return;
        co_await to.put(*next);
    }
}

int passing_on(numbers from, numbers to) {
    this_actor::start(pass_on(from, to));
    try {
        turn_until([] { return false; });
    } catch (const troupe::cancelled&) {
        return 6;
    }
    return 0;
}

task<bool> pass_through_it() {
    numbers from, to;
    const auto one = co_await spawn<passing_on>(from, to);
    bool in_order = true;
    for (int i = 0; i < 1000; ++i) {
        co_await from.put(i);
        const auto back = co_await to.get();
        in_order = in_order && back == i;
    }
    one.stop();
    from.close();
    const exit_status end = co_await one.join();
    co_return in_order&& end.code() == 6;
}

task<> wait_for(int fd, bool& seen) {
    co_await troupe::readable(fd);
    seen = true;
}

// The loop of the other library is an epoll set, in which wakeup_fd stands.
int watch_a_descriptor() {
    const int bell = ::eventfd(0, EFD_CLOEXEC), outer = ::epoll_create1(EPOLL_CLOEXEC);
    bool seen = false;
    this_actor::start(wait_for(bell, seen));
    epoll_event watched{};
    watched.events = EPOLLIN;
    if (::epoll_ctl(outer, EPOLL_CTL_ADD, this_actor::wakeup_fd(), &watched) != 0) return 1;
    turn_until_quiet(outer);
    const std::uint64_t one = 1;
    if (::write(bell, &one, sizeof one) != sizeof one) return 3;
    while (!seen) {
        if (!is_readable(outer, -1)) return 4;
        this_actor::turn();
    }
    return 0;
}

// --- what a turn is --------------------------------------------------------------------------------------------------

task<> yield_often(int& steps, int most) {
    while (steps < most) {
        co_await troupe::yield();
        ++steps;
    }
}

int take_bounded_turns() {
    constexpr int most = 5000;
    const int fd = this_actor::wakeup_fd();
    turn_until_quiet(fd);
    int steps = 0;
    this_actor::start(yield_often(steps, most));
    int turns = 0;
    while (steps < most) {
        if (!is_readable(fd, -1)) return 2;
        const int before = steps;
        this_actor::turn();
        ++turns;
        if (steps - before > 256) return 3;
    }
    if (turns < most / 256) return 4;
    return this_actor::wakeup_fd() == fd ? 0 : 5;
}

task<> throw_that(std::string text) {
    co_await troupe::yield();
    throw std::runtime_error(text);
}

int catch_what_they_throw() {
    this_actor::wakeup_fd();
    this_actor::turn();
    this_actor::start(throw_that("one"));
    this_actor::start(throw_that("two"));
    std::string caught;
    for (int i = 0; i < 2; ++i) {
        is_readable(this_actor::wakeup_fd(), -1);
        try {
            this_actor::turn();
        } catch (const std::runtime_error& failure) {
            caught += failure.what();
        }
    }
    this_actor::turn();
    return caught == "onetwo" ? 0 : 1;
}

// What the other library's coroutines are: resumed by it, between two turns.
struct from_outside {
    std::coroutine_handle<>& place;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) const noexcept { place = h; }
    void await_resume() const noexcept {}
};

task<> wait_outside_and_inside(std::coroutine_handle<>& place, int& steps) {
    co_await from_outside{place};
    ++steps;
    co_await troupe::sleep_for(1ms);
    ++steps;
    co_await from_outside{place};
    ++steps;
}

int resume_between_turns() {
    const int fd = this_actor::wakeup_fd();
    std::coroutine_handle<> place;
    int steps = 0;
    this_actor::start(wait_outside_and_inside(place, steps));
    turn_until_quiet(fd);
    place.resume();
    while (steps < 2) {
        if (!is_readable(fd, 5000)) return 1;
        this_actor::turn();
    }
    turn_until_quiet(fd);
    place.resume();
    if (steps != 3 || !is_readable(fd, 5000)) return 2;
    turn_until_quiet(fd);
    return 0;
}

task<> hold(std::shared_ptr<int>) { co_return; }

int keep_nothing_of_what_ended() {
    const auto held = std::make_shared<int>(1);
    this_actor::start(hold(held));
    turn_until_quiet(this_actor::wakeup_fd());
    return held.use_count() == 1 ? 0 : 1;
}

int let_it_out() {
    this_actor::start(throw_that("not caught"));
    turn_until([] { return false; });
    return 0;
}

int wait_between_turns(troupe::actor<ask_number> whom) {
    this_actor::turn();
    if (troupe::sync_wait(whom.ask(ask_number{1})) != 2) return 1;
    if (!is_readable(this_actor::wakeup_fd(), -1)) return 2;  // nothing is parked: a turn is due
    turn_until_quiet(this_actor::wakeup_fd());
    return 0;
}

task<> turn_inside(bool& refused) {
    try {
        this_actor::turn();
    } catch (const troupe::misuse&) {
        refused = true;
    }
    co_return;
}

int turn_in_a_coroutine() {
    bool refused = false;
    this_actor::start(turn_inside(refused));
    this_actor::turn();
    return refused ? 0 : 1;
}

int start_nothing() {
    try {
        this_actor::start(task<>());
    } catch (const troupe::misuse&) {
        return 0;
    }
    return 1;
}

task<> say_when_cancelled(numbers told) {
    bool ended = false;
    try {
        co_await troupe::sleep_for(1h);
    } catch (const troupe::cancelled&) {
        ended = true;
    }
    if (ended) co_await told.put(7);
}

int return_early(numbers told) {
    this_actor::start(say_when_cancelled(told));
    this_actor::turn();
    return 0;
}

task<int> told_at_the_end() {
    numbers told;
    const auto one = co_await spawn<return_early>(told);
    const auto word = co_await told.get();
    co_await one.join();
    co_return word.value_or(0);
}

// An actor that takes no turns.
task<> go_on_beside(numbers told) {
    this_actor::start(say_when_cancelled(told));
    co_await troupe::sleep_for(5ms);
}
task<> fail_beside() {
    this_actor::start(throw_that("beside"));
    co_await troupe::sleep_for(1h);
}

template <auto Function, class... Arguments>
task<exit_status> end_of(Arguments... arguments) {
    const auto one = co_await spawn<Function>(arguments...);
    co_return co_await one.join();
}

task<exit_status> end_between_turns() {
    const auto whom = co_await spawn<answering>();
    const auto one = co_await spawn<wait_between_turns>(whom);
    const exit_status end = co_await one.join();
    whom.stop();
    co_await whom.join();
    co_return end;
}

}  // namespace

TEST_CASE("turn: coroutines of an actor with a loop of its own answer, and end when it is stopped") {
    CHECK(watched(ask_a_hundred_times()) == 5050);
}
TEST_CASE("turn: it throws cancelled when the actor is terminated") {
    CHECK(watched(terminate_it()).code() == -SIGTERM);
}
TEST_CASE("turn: timers make the descriptor readable") { CHECK(watched(end_of<count_timers>()).code() == 3); }
TEST_CASE("turn: whoever fills a queue wakes a process that sleeps in another loop") {
    CHECK(watched(pass_through_it()));
}
TEST_CASE("turn: what coroutines wait for in descriptors is seen through an epoll set of another library") {
    CHECK(watched(end_of<watch_a_descriptor>()).code() == 0);
}
TEST_CASE("turn: it does 256 steps at most, and the descriptor stays readable while any are left") {
    CHECK(watched(end_of<take_bounded_turns>()).code() == 0);
}
TEST_CASE("turn: what a started coroutine throws comes out of it, one failure at a time") {
    CHECK(watched(end_of<catch_what_they_throw>()).code() == 0);
    CHECK(watched(end_of<let_it_out>()).exception_text() == "not caught");
}
TEST_CASE("turn: after a sync_wait between two turns the descriptor can be read") {
    CHECK(watched(end_between_turns()).code() == 0);
}
TEST_CASE("turn: a coroutine that is resumed by the other library between two turns goes on") {
    CHECK(watched(end_of<resume_between_turns>()).code() == 0);
}
TEST_CASE("start: what a coroutine held is let go of when it has ended") {
    CHECK(watched(end_of<keep_nothing_of_what_ended>()).code() == 0);
}
TEST_CASE("turn: inside a coroutine it is misuse") { CHECK(watched(end_of<turn_in_a_coroutine>()).code() == 0); }
TEST_CASE("start: an empty task is misuse") { CHECK(watched(end_of<start_nothing>()).code() == 0); }
TEST_CASE("start: what still runs when the actor returns is cancelled and awaited") {
    CHECK(watched(told_at_the_end()) == 7);
}
TEST_CASE("start: in an actor that takes no turns it goes on while that waits, and what it throws ends the actor") {
    numbers told;
    CHECK(watched(end_of<go_on_beside>(told)).code() == 0);
    CHECK(watched(told.get()) == 7);
    CHECK(watched(end_of<fail_beside>()).exception_text() == "beside");
}
