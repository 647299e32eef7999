// The base of all waits: turns, wake-ups, failures.
#include <troupe/error.hpp>
#include <troupe/task.hpp>
#include <troupe/when.hpp>

#include <vector>

#include "catch.hpp"
#include "here.hpp"

namespace {

using here::box;
using here::started;
using troupe::task;

task<> take_into(box& b, std::vector<int>& into, int how_many) {
    for (int i = 0; i < how_many; ++i) into.push_back(co_await b.take());
}

}  // namespace

TEST_CASE("wait: what is there already is taken without registering") {
    box b;
    b.put(5);
    REQUIRE(here::run(here::take_from(b)) == 5);
    REQUIRE(b.waiting() == 0);
}

TEST_CASE("wait: it registers once, and unregisters when it is over") {
    box b;
    started<int> s(here::take_from(b));
    s.run();
    REQUIRE(b.waiting() == 1);
    b.put(6);
    REQUIRE(s.run().result() == 6);
    REQUIRE(b.waiting() == 0);
}

TEST_CASE("wait: it may be woken too often and for nothing") {
    box b;
    started<int> s(here::take_from(b));
    s.run();
    b.wake_all();
    b.wake_all();
    REQUIRE_FALSE(s.run().ended());
    REQUIRE(b.waiting() == 1);
    b.put(7);
    b.wake_all();
    REQUIRE(s.run().result() == 7);
}

TEST_CASE("wait: of two that are woken for one thing, the first takes it and the other goes on waiting") {
    box b;
    started<int> first(here::take_from(b));
    started<int> second(here::take_from(b));
    first.run();
    b.put(1);
    second.run();
    REQUIRE(first.result() == 1);
    REQUIRE_FALSE(second.ended());
    b.put(2);
    REQUIRE(second.run().result() == 2);
}

TEST_CASE("wait: what try_finish throws is delivered to the awaiting coroutine, at once or in its turn") {
    box b;
    b.refuses = true;
    REQUIRE_THROWS_AS(here::run(here::take_from(b)), int);
    b.refuses = false;
    started<int> s(here::take_from(b));
    s.run();
    b.refuses = true;
    b.wake_all();
    REQUIRE_THROWS_AS(s.run().result(), int);
    REQUIRE(b.waiting() == 0);
}

TEST_CASE("wait: a source can fail it, woken or not, and the first outcome counts") {
    box b;
    started<int> s(here::take_from(b));
    s.run();
    b.wake_all();
    b.fail_all(99);
    s.cancel();
    REQUIRE(b.waiting() == 0);
    REQUIRE_THROWS_AS(s.run().result(), int);
}

TEST_CASE("wait: when the turn's budget is spent it stands at the back, unregistered, and tries again there") {
    box b;
    std::vector<int> taken;
    for (int i = 0; i < 10; ++i) b.put(i);
    started<void> s(take_into(b, taken, 10));
    troupe::detail::ready.run_some(4);
    REQUIRE(taken.size() == 3);
    REQUIRE(b.waiting() == 0);
    troupe::detail::ready.run_some(3);
    REQUIRE(taken.size() < 10);
    REQUIRE(s.run().ended());
    REQUIRE(taken == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("wait: one that stands at the back of the queue can be cancelled there") {
    box b;
    std::vector<int> taken;
    for (int i = 0; i < 10; ++i) b.put(i);
    started<void> s(take_into(b, taken, 10));
    troupe::detail::ready.run_some(4);
    s.cancel();
    s.run();
    REQUIRE(s.ended());
    REQUIRE(taken.size() == 3);
    REQUIRE(b.size() == 7);
}

TEST_CASE("wait: one that was cancelled is not awaited again, and takes nothing") {
    box b, other;
    auto again = [&]() -> task<int> {
        auto take = b.take();
        co_await troupe::when_any(take, other.take());
        b.put(1);
        co_return co_await take;
    };
    other.put(1);
    REQUIRE_THROWS_AS(here::run(again()), troupe::misuse);
    REQUIRE(b.taken == 0);
}

TEST_CASE("wait: one is not awaited by two at a time") {
    box b;
    auto both = [&]() -> task<> {
        auto take = b.take();
        co_await troupe::when_all(take, take);
    };
    REQUIRE_THROWS_AS(here::run(both()), troupe::misuse);
    REQUIRE(b.waiting() == 0);
}
