// The condition's algorithm, in every order in which its parties can take their steps and be killed. See
// condition_model.hpp.
#include "condition_model.hpp"

#include <string>

#include "catch.hpp"

using namespace model::conditions;

namespace {

void holds(const setting& set) {
    const model::verdict result = check(set);
    std::string story;
    for (const auto& step : result.trace) story += "\n    " + step;
    INFO(story);
    REQUIRE(result.wrong == "");
    REQUIRE(result.ends > 0);
}

void is_found(setting set, fault planted) {
    set.planted = planted;
    const std::string wrong = check(set).wrong;
    INFO("fault " << static_cast<int>(planted));
    REQUIRE(wrong != "");
    REQUIRE(wrong != "too many states");
}

}  // namespace

TEST_CASE("condition model: two wait, one notifies one, two kills, and one that gives up") {
    holds({.programs = "WWN", .kills = 2, .timeouts = 1});
}

TEST_CASE("condition model: two wait, one notifies all, a kill, and one that gives up") {
    holds({.programs = "WWA", .kills = 1, .timeouts = 1});
}

TEST_CASE("condition model: two wait, two notify one each, and a kill") { holds({.programs = "WWNN", .kills = 1}); }

TEST_CASE("condition model: what is left out of a condition is missed") {
    is_found({.programs = "WN", .kills = 1}, fault::move_not_noted);
    is_found({.programs = "WN", .kills = 1}, fault::move_not_finished);
    is_found({.programs = "WN", .kills = 1, .timeouts = 1}, fault::burial_not_finished);
    is_found({.programs = "WWN", .kills = 1}, fault::not_passed_on);
}
