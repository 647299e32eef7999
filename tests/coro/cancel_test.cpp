// Cancellation: where it arrives, once, and what it leaves behind.
#include <troupe/error.hpp>
#include <troupe/task.hpp>
#include <troupe/when.hpp>

#include <coroutine>
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
