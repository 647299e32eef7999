// The event's and the barrier's algorithm, in every order in which their parties can take their steps and be killed.
// See meeting_model.hpp.
#include "meeting_model.hpp"

#include <string>

#include "catch.hpp"

using namespace model::meetings;

namespace {

template <class Steps, class Setting>
void holds(const Setting& set) {
    const model::verdict result = check<Steps>(set);
    std::string story;
    for (const auto& step : result.trace) story += "\n    " + step;
    INFO(story);
    REQUIRE(result.wrong == "");
    REQUIRE(result.ends > 0);
}

template <class Steps, class Setting>
void is_found(Setting set, fault planted) {
    set.planted = planted;
    const std::string wrong = check<Steps>(set).wrong;
    INFO("fault " << static_cast<int>(planted));
    REQUIRE(wrong != "");
    REQUIRE(wrong != "too many states");
}

}  // namespace

TEST_CASE("event model: set, cleared and waited for, with kills and one that gives up") {
    holds<event::steps>(event::setting{.programs = {"s", "w", "w"}, .kills = 1, .timeouts = 1});
    holds<event::steps>(event::setting{.programs = {"sc", "w", "w"}, .kills = 1, .timeouts = 1});
    holds<event::steps>(event::setting{.programs = {"scs", "ww", "w"}, .kills = 2, .timeouts = 1});
}

TEST_CASE("event model: what is left out of an event is missed") {
    is_found<event::steps>(event::setting{.programs = {"s", "w"}}, fault::no_second_look);
    is_found<event::steps>(event::setting{.programs = {"sc", "w"}}, fault::no_count);
    is_found<event::steps>(event::setting{.programs = {"s", "w"}, .kills = 1}, fault::keeper_is_silent);
}

TEST_CASE("barrier model: two and three parties, with kills and one that gives up") {
    holds<barrier::steps>(barrier::setting{.parties = 2, .rounds = 2, .kills = 1, .timeouts = 1});
    holds<barrier::steps>(barrier::setting{.parties = 3, .rounds = 2, .kills = 1, .timeouts = 1});
    holds<barrier::steps>(barrier::setting{.parties = 3, .rounds = 2, .kills = 2});
}

TEST_CASE("barrier model: what is left out of a barrier is missed") {
    is_found<barrier::steps>(barrier::setting{.kills = 1}, fault::keeper_lets_be);
    is_found<barrier::steps>(barrier::setting{.kills = 1}, fault::keeper_is_silent);
    is_found<barrier::steps>(barrier::setting{.timeouts = 1}, fault::just_goes);
    is_found<barrier::steps>(barrier::setting{.rounds = 2, .kills = 1}, fault::broken_first);
}
