// when_all: everything, in argument order; the first failure ends it.
#include <troupe/error.hpp>
#include <troupe/when.hpp>

#include <stdexcept>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "here.hpp"

namespace {

using here::box;
using here::started;
using troupe::task;
using troupe::when_all;

task<> nothing() { co_return; }
task<std::string> word(std::string w) { co_return w; }

task<int> fail_after(box& b) {
    throw std::runtime_error("after " + std::to_string(co_await b.take()));
    co_return 0;
}

task<> note(std::vector<int>& order, int n) {
    order.push_back(n);
    co_return;
}

}  // namespace

TEST_CASE("when_all: it gives what each argument gives, void as monostate") {
    box b;
    b.put(1);
    const auto [n, nil, w] = here::run(when_all(b.take(), nothing(), word("two")));
    REQUIRE(n == 1);
    REQUIRE(nil == std::monostate{});
    REQUIRE(w == "two");
}

TEST_CASE("when_all: of nothing is done at once") {
    REQUIRE(here::run(when_all()) == std::tuple<>{});
    REQUIRE(here::run(when_all(std::vector<task<int>>{})).empty());
}

TEST_CASE("when_all: arguments start in their order, when the result is awaited") {
    std::vector<int> order;
    auto all = when_all(note(order, 1), note(order, 2), note(order, 3));
    REQUIRE(order.empty());
    here::run(std::move(all));
    REQUIRE(order == std::vector{1, 2, 3});
}

TEST_CASE("when_all: it waits for the slowest") {
    box a, b;
    started<std::tuple<int, int>> s(when_all(a.take(), b.take()));
    s.run();
    b.put(2);
    REQUIRE_FALSE(s.run().ended());
    a.put(1);
    REQUIRE(s.run().result() == std::tuple{1, 2});
}

TEST_CASE("when_all: of a vector gives a vector in its order") {
    std::vector<box> boxes(5);
    std::vector<task<int>> takes;
    for (auto& b : boxes) takes.push_back(here::take_from(b));
    started<std::vector<int>> s(when_all(std::move(takes)));
    s.run();
    for (int i = 4; i >= 0; --i) boxes[static_cast<std::size_t>(i)].put(i);
    REQUIRE(s.run().result() == std::vector{0, 1, 2, 3, 4});
}

TEST_CASE("when_all: the first failure cancels the others and is rethrown when they have ended") {
    box bad, other;
    started<std::tuple<int, int>> s(when_all(other.take(), fail_after(bad)));
    s.run();
    bad.put(3);
    s.run();
    REQUIRE(other.waiting() == 0);
    REQUIRE_THROWS_WITH(s.result(), "after 3");
}

TEST_CASE("when_all: it awaits the clean-up of what it cancels, and drops later failures") {
    box bad, other, cleaning;
    auto careful = [](box& from, box& needed) -> task<int> {
        bool stopped = false;
        try {
            co_await from.take();
        } catch (const troupe::cancelled&) {
            stopped = true;
        }
        if (stopped) co_await needed.take();
        throw std::logic_error("too late to matter");
    };
    started<std::tuple<int, int>> s(when_all(careful(other, cleaning), fail_after(bad)));
    s.run();
    bad.put(3);
    REQUIRE_FALSE(s.run().ended());
    cleaning.put(1);
    REQUIRE_THROWS_WITH(s.run().result(), "after 3");
}

TEST_CASE("when_all: a failure at once keeps later arguments from being entered") {
    std::vector<int> order;
    auto fail = []() -> task<> {
        throw std::runtime_error("at once");
        co_return;
    };
    REQUIRE_THROWS_WITH(here::run(when_all(fail(), note(order, 1))), "at once");
    REQUIRE(order.empty());
}

TEST_CASE("when_all: an lvalue is awaited where it stands") {
    box b;
    b.put(8);
    auto take = b.take();
    const auto [n] = here::run(when_all(take));
    REQUIRE(n == 8);
}

TEST_CASE("when_all: a task that was moved from or was awaited before is misuse, at the call") {
    REQUIRE_THROWS_AS(when_all(nothing(), task<int>()), troupe::misuse);
    REQUIRE_THROWS_AS(when_all(std::vector<task<int>>(2)), troupe::misuse);
    auto twice = []() -> task<> {
        auto once = word("one");
        co_await std::move(once);
        co_await when_all(std::move(once));
    };
    REQUIRE_THROWS_AS(here::run(twice()), troupe::misuse);
}
