// The semaphore's algorithm, in every order in which its parties can take their steps and be killed. See
// permit_model.hpp.
#include "permit_model.hpp"

#include <string>

#include "catch.hpp"

using namespace model::permits;

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

TEST_CASE("semaphore model: one permit for two processes, a kill, and one that gives up") {
    holds({.permits = 1, .wants = {1, 1}, .rounds = {2, 2}, .kills = 1, .timeouts = 1});
}

TEST_CASE("semaphore model: two permits, for one that wants two and others that want one") {
    holds({.permits = 2, .wants = {1, 2}, .rounds = {2, 2}, .kills = 2, .timeouts = 1});
    holds({.permits = 2, .wants = {1, 2, 1}, .rounds = {1, 1, 1}, .kills = 1});
}

TEST_CASE("semaphore model: what is left out of a semaphore is missed") {
    is_found({.permits = 1, .wants = {1, 1}, .rounds = {1, 1}, .kills = 1}, fault::last_not_entered);
    is_found({.permits = 1, .wants = {1, 1}, .rounds = {1, 1}, .kills = 1}, fault::account_believed);
    is_found({.permits = 1, .wants = {1, 1}, .rounds = {1, 1}}, fault::no_second_look);
    is_found({.permits = 1, .wants = {1, 1}, .rounds = {1, 1}, .kills = 1}, fault::keeper_is_silent);
}
