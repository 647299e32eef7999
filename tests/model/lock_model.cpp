// The lock's algorithm, in every order in which its parties can take their steps and be killed. See lock_model.hpp.
#include "lock_model.hpp"

#include <cstdio>
#include <string>

#include "catch.hpp"

using namespace model::locks;

namespace {

void holds(const setting& set) {
    const model::verdict result = check(set);
    std::printf("    %zu states, %zu ends\n", result.states, result.ends);
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

TEST_CASE("lock model: two processes, twice each, killed at any step, one gives up") {
    holds({.rounds = {2, 2}, .kills = 2, .timeouts = 1});
}

TEST_CASE("lock model: two processes that are started again") {
    holds({.rounds = {1, 1}, .kills = 2, .timeouts = 1, .restarts = 2});
}

TEST_CASE("lock model: three processes, two killed at any step, one gives up") {
    holds({.rounds = {1, 1, 1}, .kills = 2, .timeouts = 1});
}

TEST_CASE("lock model: three processes, one of them twice, and two give up") {
    holds({.rounds = {2, 1, 1}, .timeouts = 2});
}

TEST_CASE("lock model: four processes, one gives up") { holds({.rounds = {1, 1, 1, 1}, .timeouts = 1}); }

TEST_CASE("lock model: what is left out of a lock is missed") {
    is_found({.rounds = {1, 1}, .kills = 1}, fault::noted_after);
    is_found({.rounds = {1, 1}, .kills = 1}, fault::forgotten_before);
    is_found({.rounds = {1, 1}}, fault::parking_stores);
    is_found({.rounds = {1, 1}, .timeouts = 1}, fault::giving_up_stores);
    is_found({.rounds = {1, 1}, .kills = 1}, fault::early_entry);
    is_found({.rounds = {1, 1, 1}}, fault::youngest_first);
    is_found({.rounds = {2, 1}, .kills = 1}, fault::unlock_keeps_flag);
    is_found({.rounds = {1, 1}, .kills = 1}, fault::ghosts_count);
    is_found({.rounds = {2, 2}, .timeouts = 1}, fault::burial_stores);
    is_found({.rounds = {1, 1}, .kills = 1, .timeouts = 1}, fault::no_burial_note);
    is_found({.rounds = {1, 1}, .kills = 1}, fault::keeper_does_not_look);
    is_found({.rounds = {1, 1}, .kills = 1, .timeouts = 1}, fault::keeper_trusts_oldest);
    is_found({.rounds = {1, 1}, .kills = 1}, fault::dead_stay_in_line);
    is_found({.rounds = {1, 1}, .kills = 1}, fault::keeper_takes_as_pushed);
    is_found({.rounds = {1, 1}, .kills = 1}, fault::keeper_does_not_ring);
    is_found({.rounds = {1, 1}, .kills = 1}, fault::ghost_not_told);
    is_found({.rounds = {1, 1}, .kills = 2}, fault::keeper_misses_ghosts);
    is_found({.rounds = {2, 1}, .kills = 1}, fault::kept_unnoted);
}
