// Tasks: laziness, values, exceptions, the flat stack.
#include <troupe/error.hpp>
#include <troupe/task.hpp>

#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "here.hpp"

namespace {

using troupe::task;

task<int> number(int n) { co_return n; }

task<> note(std::vector<int>& order, int n) {
    order.push_back(n);
    co_return;
}

task<int> thrower(std::string text) {
    throw std::runtime_error(text);
    co_return 0;
}

constexpr int very_many = 1'000'000;

task<long> sum_of_many() {
    long sum = 0;
    for (int i = 0; i < very_many; ++i) sum += co_await number(1);
    co_return sum;
}

// One inside the other.
task<int> depth(int n) {
    if (n == 0) co_return 0;
    co_return co_await depth(n - 1) + 1;
}

task<int> deep_thrower(int n) {
    if (n == 0) throw std::runtime_error("from below");
    co_return co_await deep_thrower(n - 1);
}

struct hand_over {
    std::coroutine_handle<>& place;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) const noexcept { place = h; }
    int await_resume() const noexcept { return 5; }
};

task<int> await_foreign(std::coroutine_handle<>& place) { co_return co_await hand_over{place} + co_await number(1); }

// A coroutine of another library.
struct eager {
    struct promise_type {
        eager get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void unhandled_exception() const { std::abort(); }
        void return_void() const noexcept {}
    };
};

eager foreign(here::box& b, int& sum) {
    sum += co_await number(30);
    sum += co_await b.take();
}

}  // namespace

TEST_CASE("task: it does not start before it is awaited") {
    std::vector<int> order;
    here::run([](std::vector<int>& into) -> task<> {
        auto later = note(into, 2);
        into.push_back(1);
        co_await std::move(later);
        into.push_back(3);
    }(order));
    REQUIRE(order == std::vector{1, 2, 3});
}

TEST_CASE("task: one that is never awaited never runs") {
    std::vector<int> order;
    {
        auto dropped = note(order, 1);
    }
    REQUIRE(order.empty());
}

TEST_CASE("task: it gives its value to the awaiter") { REQUIRE(here::run(number(42)) == 42); }

TEST_CASE("task: values may be move-only and references stay references") {
    int kept = 1;
    auto owned = here::run([]() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(7); }());
    int& same = here::run([](int& n) -> task<int&> { co_return n; }(kept));
    REQUIRE(*owned == 7);
    REQUIRE(&same == &kept);
}

TEST_CASE("task: what it throws is thrown by the await") {
    auto caught = [](std::string text) -> task<std::string> {
        try {
            co_await thrower(text);
        } catch (const std::runtime_error& e) {
            co_return e.what();
        }
        co_return "nothing";
    };
    REQUIRE(here::run(caught("broken")) == "broken");
}

TEST_CASE("task: awaiting one a second time, or one that was moved from, is misuse") {
    auto twice = []() -> task<> {
        auto once = number(1);
        co_await std::move(once);
        co_await std::move(once);
    };
    auto empty = []() -> task<> { co_await task<int>(); };
    REQUIRE_THROWS_AS(here::run(twice()), troupe::misuse);
    REQUIRE_THROWS_AS(here::run(empty()), troupe::misuse);
}

TEST_CASE("task: a million awaits that complete at once keep the stack flat") {
    REQUIRE(here::run(sum_of_many()) == very_many);
}

TEST_CASE("task: a hundred thousand tasks inside each other keep the stack flat") {
    REQUIRE(here::run(depth(100'000)) == 100'000);
    REQUIRE_THROWS_AS(here::run(deep_thrower(1'000)), std::runtime_error);
}

TEST_CASE("task: a chain as long is cancelled with a flat stack") {
    here::box b;
    auto chain = [](auto& self, here::box& from, int n) -> task<int> {
        if (n == 0) co_return co_await from.take();
        co_return co_await self(self, from, n - 1);
    };
    here::started<int> s(chain(chain, b, 20'000));
    s.run().cancel();
    REQUIRE_THROWS_AS(s.run().result(), troupe::cancelled);
}

TEST_CASE("task: it awaits awaitables of others, which may resume it from anywhere") {
    std::coroutine_handle<> place;
    here::started<int> s(await_foreign(place));
    s.run();
    REQUIRE_FALSE(s.ended());
    place.resume();
    REQUIRE(s.run().result() == 6);
}

TEST_CASE("task: coroutines of others can await tasks and waits") {
    here::box b;
    int sum = 0;
    foreign(b, sum);
    while (troupe::detail::ready.run_some(10) > 0) {
    }
    REQUIRE(sum == 30);
    b.put(4);
    troupe::detail::ready.run_some(10);
    REQUIRE(sum == 34);
}

TEST_CASE("task: one that never has to wait still lets others run") {
    std::vector<int> order;
    here::started<long> long_one(sum_of_many());
    here::started<void> other(note(order, 1));
    troupe::detail::ready.run_some(100);
    troupe::detail::ready.run_some(100);
    REQUIRE(order == std::vector{1});
    REQUIRE_FALSE(long_one.ended());
    REQUIRE(long_one.run().result() == very_many);
}
