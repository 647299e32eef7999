// Outcomes: every kind of failure in one place, and waiting for all of several, whatever becomes of each.
#include <troupe/error.hpp>
#include <troupe/outcome.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "catch.hpp"
#include "here.hpp"

namespace {

using here::box;
using here::started;
using troupe::outcome;
using troupe::outcome_of;
using troupe::task;
using troupe::when_all_settled;

task<> nothing() { co_return; }
task<std::unique_ptr<int>> boxed(int n) { co_return std::make_unique<int>(n); }
template <class E>
task<int> fail(E with) {
    throw with;
    co_return 0;
}
struct no_exception {};

}  // namespace

TEST_CASE("outcome_of: it gives the value") {
    auto one = here::run(outcome_of(boxed(7)));
    REQUIRE(one.ok());
    CHECK(*one.value() == 7);
    CHECK(one.why().empty());
    CHECK(one.error() == nullptr);
    CHECK_FALSE(one.status().has_value());
    const std::unique_ptr<int> taken = std::move(one).value();
    CHECK(*taken == 7);
    CHECK(here::run(outcome_of(nothing())).ok());
}

TEST_CASE("outcome_of: it gives a copy of what a reference refers to") {
    int number = 3;
    struct referring {
        int& to;
        bool await_ready() const { return true; }
        void await_suspend(std::coroutine_handle<>) const {}
        int& await_resume() const { return to; }
    };
    const outcome<int> one = here::run(outcome_of(referring{number}));
    number = 4;
    CHECK(one.value() == 3);
}

TEST_CASE("outcome_of: it says why there is no value, and value() throws it") {
    const auto standard = here::run(outcome_of(fail(std::out_of_range("past the end"))));
    REQUIRE_FALSE(standard.ok());
    CHECK(standard.why() == "std::out_of_range: past the end");
    CHECK_THROWS_AS(standard.value(), std::out_of_range);
    CHECK(here::run(outcome_of(fail(troupe::timed_out("too late")))).why() == "too late");
    CHECK(here::run(outcome_of(fail(no_exception{}))).why() == "(anonymous namespace)::no_exception");
    CHECK(here::run(outcome_of(fail(3))).why() == "int");
}

TEST_CASE("outcome_of: it knows how an actor ended") {
    const auto status = troupe::exit_status::from_signal(9, false);
    const auto dead = here::run(outcome_of(fail(troupe::actor_died("actor 'x'", status))));
    REQUIRE(dead.status().has_value());
    CHECK(*dead.status() == status);
    CHECK(dead.why().find("signal 9") != std::string::npos);
    CHECK(here::run(outcome_of(fail(troupe::gave_up("enough", status)))).status() == status);
}

TEST_CASE("outcome_of: a cancellation passes through") {
    box b;
    started<outcome<int>> s(outcome_of(b.take()));
    s.run().cancel();
    REQUIRE(s.run().ended());
    CHECK_THROWS_AS(s.result(), troupe::cancelled);
}

TEST_CASE("when_all_settled: every outcome, in argument order, and a failure cancels nothing") {
    box b;
    started<std::tuple<outcome<int>, outcome<int>, outcome<void>>> s(
        when_all_settled(fail(std::runtime_error("no")), b.take(), nothing()));
    CHECK_FALSE(s.run().ended());
    b.put(5);
    REQUIRE(s.run().ended());
    const auto [failed, taken, nil] = s.result();
    CHECK(failed.why() == "std::runtime_error: no");
    CHECK(taken.value() == 5);
    CHECK(nil.ok());
    CHECK(nil.index() == 2);
}

TEST_CASE("when_all_settled: of nothing is done at once") {
    CHECK(here::run(when_all_settled()) == std::tuple<>{});
    CHECK(here::run(when_all_settled(std::vector<task<int>>{})).empty());
}

TEST_CASE("when_all_settled: of many, each knows its place") {
    std::vector<task<int>> many;
    box b;
    for (int i = 0; i < 5; ++i) b.put(i);
    for (int i = 0; i < 5; ++i) many.push_back(i == 2 ? fail(13) : here::take_from(b));
    const auto all = here::run(when_all_settled(std::move(many)));
    REQUIRE(all.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) CHECK(all[i].index() == i);
    CHECK_FALSE(all[2].ok());
    CHECK(all[3].value() == 2);
}

TEST_CASE("when_all_settled: an argument that ends as cancelled by itself is an outcome") {
    const auto [one] = here::run(when_all_settled(fail(troupe::cancelled())));
    CHECK_FALSE(one.ok());
    CHECK_THROWS_AS(one.value(), troupe::cancelled);
}

TEST_CASE("when_all_settled: cancelling the awaiter cancels every argument, and it throws cancelled") {
    box a, b;
    started<std::tuple<outcome<int>, outcome<int>>> s(when_all_settled(a.take(), b.take()));
    s.run().cancel();
    REQUIRE(s.run().ended());
    CHECK_THROWS_AS(s.result(), troupe::cancelled);
    CHECK(a.waiting() == 0);
    CHECK(b.waiting() == 0);
}
