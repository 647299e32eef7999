// when_any: the first to end; what lost has taken nothing.
#include <troupe/error.hpp>
#include <troupe/when.hpp>

#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "catch.hpp"
#include "here.hpp"

namespace {

using here::box;
using here::started;
using troupe::task;
using troupe::when_any;
using either = std::variant<int, int>;

task<> nothing() { co_return; }

task<int> entered(int& count) {
    ++count;
    co_return 1;
}

task<int> through_layers(box& b) {
    const auto first = co_await when_any(here::take_from(b));
    co_return std::get<0>(first);
}

}  // namespace

TEST_CASE("when_any: the index of the variant says who was first") {
    box a, b;
    started<either> s(when_any(a.take(), b.take()));
    s.run();
    b.put(2);
    const auto first = s.run().result();
    REQUIRE(first.index() == 1);
    REQUIRE(std::get<1>(first) == 2);
    REQUIRE(a.waiting() == 0);
}

TEST_CASE("when_any: void is monostate") {
    box b;
    const auto first = here::run(when_any(b.take(), nothing()));
    REQUIRE(std::holds_alternative<std::monostate>(first));
}

TEST_CASE("when_any: when both are there already, the first argument wins and the other takes nothing") {
    box a, b;
    a.put(1);
    b.put(2);
    const auto first = here::run(when_any(a.take(), b.take()));
    REQUIRE(first.index() == 0);
    REQUIRE(b.taken == 0);
}

TEST_CASE("when_any: when both are woken before either had its turn, only the winner takes") {
    box a, b;
    started<either> s(when_any(a.take(), b.take()));
    s.run();
    b.put(2);
    a.put(1);
    REQUIRE(s.run().result().index() == 1);
    REQUIRE(a.taken == 0);
    REQUIRE(a.size() == 1);
}

TEST_CASE("when_any: arguments behind a winner that ends at once are never entered") {
    int count = 0;
    REQUIRE(here::run(when_any(nothing(), entered(count))).index() == 0);
    REQUIRE(count == 0);
}

TEST_CASE("when_any: if the first to end failed, its failure is rethrown") {
    box b;
    auto fail = []() -> task<> {
        throw std::runtime_error("first");
        co_return;
    };
    REQUIRE_THROWS_WITH(here::run(when_any(b.take(), fail())), "first");
    REQUIRE(b.waiting() == 0);
}

TEST_CASE("when_any: losers are awaited, and what they give or throw is dropped") {
    box a, b, cleaning;
    auto careful = [](box& from, box& needed) -> task<int> {
        bool stopped = false;
        try {
            co_await from.take();
        } catch (const troupe::cancelled&) {
            stopped = true;
        }
        if (stopped) co_await needed.take();
        throw std::logic_error("dropped");
    };
    started<either> s(when_any(careful(a, cleaning), b.take()));
    s.run();
    b.put(2);
    REQUIRE_FALSE(s.run().ended());
    cleaning.put(0);
    REQUIRE(s.run().result().index() == 1);
}

TEST_CASE("when_any: nested ones decide in one step, so an inner winner that loses outside cannot have taken") {
    box a, b, c;
    auto inner = [](box& x, box& y) -> task<int> {
        auto first = co_await when_any(x.take(), y.take());
        co_return first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
    };
    started<either> s(when_any(inner(a, b), c.take()));
    s.run();
    b.wake_all();  // the inner loser stands in the queue already
    a.put(1);
    c.put(3);
    REQUIRE(s.run().result().index() == 0);
    REQUIRE(a.taken == 1);
    REQUIRE(c.taken == 0);
    REQUIRE(c.size() == 1);
}

TEST_CASE("when_any: in rounds, nothing is lost between the arguments") {
    box a, b;
    auto rounds = [](box& x, box& y, int n) -> task<int> {
        int sum = 0;
        for (int i = 0; i < n; ++i) {
            const auto first = co_await when_any(through_layers(x), y.take());
            sum += std::visit([](int v) { return v; }, first);
        }
        co_return sum;
    };
    started<int> s(rounds(a, b, 200));
    for (int i = 0; i < 100; ++i) {
        a.put(1);
        troupe::detail::ready.run_some(static_cast<std::size_t>(i % 7));
        b.put(1000);
    }
    REQUIRE(s.run().result() == 100 * 1001);
    REQUIRE(a.taken + b.taken == 200);
}
