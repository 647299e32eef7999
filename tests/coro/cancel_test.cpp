// Cancellation: where it arrives, once, and what it leaves behind.
#include <troupe/error.hpp>
#include <troupe/outcome.hpp>
#include <troupe/task.hpp>
#include <troupe/task_group.hpp>
#include <troupe/when.hpp>

#include <coroutine>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "here.hpp"

namespace {

using here::box;
using here::started;
using troupe::task;

task<int> twice_removed(box& b) { co_return co_await here::take_from(b); }

task<std::string> clean_up(box& b, box& needed_to_clean) {
    bool stopped = false;
    try {
        co_await b.take();
    } catch (const troupe::cancelled&) {
        stopped = true;
    }
    if (!stopped) co_return "went on";
    co_return "cleaned with " + std::to_string(co_await needed_to_clean.take());
}

task<int> careful(box& from, box& needed_to_clean) {
    bool stopped = false;
    try {
        co_await from.take();
    } catch (const troupe::cancelled&) {
        stopped = true;
    }
    if (stopped) co_await needed_to_clean.take();
    co_return 1;
}

struct hand_over {
    std::coroutine_handle<>& place;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) const noexcept { place = h; }
    void await_resume() const noexcept {}
};

}  // namespace

TEST_CASE("cancel: it reaches the wait at the end of the chain") {
    box b;
    started<int> s(twice_removed(b));
    REQUIRE_FALSE(s.run().ended());
    s.cancel();
    REQUIRE(b.waiting() == 0);
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
}

TEST_CASE("cancel: a cancelled wait has taken nothing, though it was woken before") {
    box b;
    started<int> s(twice_removed(b));
    s.run();
    b.put(1);
    s.cancel();
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
    REQUIRE(b.taken == 0);
    REQUIRE(b.size() == 1);
}

TEST_CASE("cancel: a task that is cancelled before it starts is never entered") {
    bool entered = false;
    started<void> s([](bool& flag) -> task<> {
        flag = true;
        co_return;
    }(entered));
    s.cancel();
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
    REQUIRE_FALSE(entered);
}

TEST_CASE("cancel: clean-up code may await") {
    box b, needed;
    started<std::string> s(clean_up(b, needed));
    s.run().cancel();
    REQUIRE_FALSE(s.run().ended());
    needed.put(3);
    REQUIRE(s.run().result() == "cleaned with 3");
}

TEST_CASE("cancel: a second request does not disturb the clean-up") {
    box b, needed;
    started<std::string> s(clean_up(b, needed));
    s.run().cancel();
    s.run().cancel();
    needed.put(4);
    REQUIRE(s.run().result() == "cleaned with 4");
}

TEST_CASE("cancel: a task in a foreign await gets it at its next await, of whatever kind") {
    std::coroutine_handle<> place;
    bool entered = false;
    auto body = [](std::coroutine_handle<>& h, bool& flag) -> task<> {
        co_await hand_over{h};
        co_await [](bool& f) -> task<> {
            f = true;
            co_return;
        }(flag);
    };
    started<void> s(body(place, entered));
    s.run().cancel();
    place.resume();
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
    REQUIRE_FALSE(entered);
}

TEST_CASE("cancel: a request that a task could not take goes over to its awaiter") {
    std::coroutine_handle<> place;
    box b;
    auto inner = [](std::coroutine_handle<>& h) -> task<> { co_await hand_over{h}; };
    auto outer = [&](box& from) -> task<int> {
        co_await inner(place);
        co_return co_await from.take();
    };
    b.put(1);
    started<int> s(outer(b));
    s.run().cancel();
    place.resume();
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
    REQUIRE(b.taken == 0);
}

TEST_CASE("cancel: through when_all it reaches every argument") {
    box a, b;
    auto both = [](box& x, box& y) -> task<> { co_await troupe::when_all(x.take(), here::take_from(y)); };
    started<void> s(both(a, b));
    s.run().cancel();
    REQUIRE(a.waiting() + b.waiting() == 0);
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
}

TEST_CASE("cancel: when the arguments of when_all could not take it, it stays pending for the awaiter") {
    std::coroutine_handle<> place;
    box b;
    b.put(1);
    auto body = [](std::coroutine_handle<>& h, box& from) -> task<int> {
        co_await troupe::when_all(hand_over{h});
        co_return co_await from.take();
    };
    started<int> s(body(place, b));
    s.run().cancel();
    place.resume();
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
    REQUIRE(b.taken == 0);
}

TEST_CASE("cancel: while the losers of when_any clean up it stays pending for the awaiter") {
    box never, first, cleaning, later;
    auto body = [&]() -> task<int> {
        co_await troupe::when_any(careful(never, cleaning), first.take());
        co_return co_await later.take();
    };
    later.put(1);
    started<int> s(body());
    s.run();
    first.put(1);
    s.run().cancel();
    s.run();
    REQUIRE_FALSE(s.ended());  // the clean-up is not disturbed
    cleaning.put(1);
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
    REQUIRE(later.taken == 0);
}

TEST_CASE("cancel: while a task group that has failed cleans up it stays pending for the awaiter") {
    box never, cleaning, later;
    auto fail = []() -> task<> {
        throw std::runtime_error("first");
        co_return;
    };
    auto body = [&]() -> task<int> {
        const auto whole =
            co_await troupe::outcome_of(troupe::task_group::run([&](troupe::task_group& group) -> task<> {
                group.start(careful(never, cleaning));
                group.start(fail());
                co_return;
            }));
        if (whole.ok()) co_return 0;
        co_return co_await later.take();
    };
    later.put(1);
    started<int> s(body());
    s.run().cancel();
    cleaning.put(1);
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
    REQUIRE(later.taken == 0);
}

TEST_CASE("cancel: when one argument of when_all could not take it and another did, the awaiter is told once") {
    std::coroutine_handle<> place;
    box never, needed;
    auto body = [&]() -> task<int> {
        bool stopped = false;
        try {
            co_await troupe::when_all(hand_over{place}, never.take());
        } catch (const troupe::cancelled&) {
            stopped = true;
        }
        if (!stopped) co_return 0;
        co_return co_await needed.take();
    };
    started<int> s(body());
    s.run().cancel();
    place.resume();
    s.run();
    needed.put(5);
    REQUIRE(s.run().result() == 5);
}
