// The ring's algorithm, in every order in which its parties can take their steps and be killed. See ring_model.hpp.
#include "ring_model.hpp"

#include <cstdio>

#include "catch.hpp"

using namespace model;

namespace {

verdict checked(const setting& set) {
    const verdict result = check(set);
    std::printf("    %zu states, %zu ends\n", result.states, result.ends);
    return result;
}

void holds(const setting& set) {
    const verdict result = checked(set);
    std::string story;
    for (const auto& step : result.trace) story += "\n    " + step;
    INFO(story);
    REQUIRE(result.wrong == "");
    REQUIRE(result.ends > 0);
}

void is_found(setting set, fault planted) {
    set.planted = planted;
    const std::string wrong = check(set).wrong;
    REQUIRE(wrong != "");
    REQUIRE(wrong != "too many states");
}

const setting two_writers{.sizes = {{2, 1}, {1, 2}}};

}  // namespace

TEST_CASE("ring model: two writers, records of one and two granules, pads, parking") { holds(two_writers); }

TEST_CASE("ring model: a writer killed at any step") {
    setting set = two_writers;
    set.writer_kills = 1;
    holds(set);
    is_found(set, fault::no_keeper_bell);
    is_found(set, fault::claim_clears_parked);
    is_found(set, fault::header_claim);
    is_found(set, fault::park_without_mending);
}

TEST_CASE("ring model: both writers killed at any step") {
    setting set = two_writers;
    set.writer_kills = 2;
    holds(set);
}

TEST_CASE("ring model: the reader killed at any step, and its successor; flushing put off") {
    setting set = two_writers;
    set.reader_kills = 2;
    set.batching = true;
    holds(set);
    is_found(set, fault::no_journal);
}

TEST_CASE("ring model: a writer and the reader killed at any step") {
    setting set = two_writers;
    set.writer_kills = set.reader_kills = 1;
    holds(set);
}

TEST_CASE("ring model: three writers, one killed at any step") {
    setting set{.sizes = {{1}, {2}, {1}}};
    set.writer_kills = 1;
    holds(set);
}

TEST_CASE("ring model: the wake-up is counted after the bell is drained") {
    setting set{.sizes = {{1, 1}, {1}}};
    holds(set);
    is_found(set, fault::epoch_before_drain);
}

TEST_CASE("ring model: writers sleep until there is room; one killed at any step") {
    setting set{.sizes = {{2, 2}, {2}}};
    set.sleeping = true;
    set.writer_kills = 1;
    holds(set);
    is_found(set, fault::wish_without_look);
}

TEST_CASE("ring model: three writers sleep until there is room") {
    setting set{.sizes = {{2}, {2}, {2}}};
    set.sleeping = true;
    holds(set);
}

TEST_CASE("ring model: writers sleep until there is room; the reader is killed at any step") {
    setting set{.sizes = {{2, 2}, {2}}};
    set.sleeping = true;
    set.reader_kills = 1;
    holds(set);
    is_found(set, fault::plain_store_of_head);
}

TEST_CASE("ring model: a capacity of one message, dropped claims, a writer killed at any step") {
    setting set{.sizes = {{1, 2}, {-1, 1}}};
    set.capacity = 1;
    set.sleeping = true;
    set.writer_kills = 1;
    holds(set);
}

TEST_CASE("ring model: the ring is closed at any step, and a writer is killed at any step") {
    setting set{.sizes = {{2, 1}, {1}}};
    set.closing = set.sleeping = true;
    set.capacity = 1;
    set.writer_kills = 1;
    holds(set);
    is_found(set, fault::no_void_at_close);
}

TEST_CASE("ring model: the ring is closed at any step, and the reader is killed at any step") {
    setting set{.sizes = {{2, 1}, {1}}};
    set.closing = set.sleeping = true;
    set.reader_kills = 1;
    holds(set);
}

TEST_CASE("ring model: a selective reader, killed at any step") {
    setting set{.sizes = {{1, 1}, {1}}};
    set.wanted = 1;
    set.sleeping = true;
    set.reader_kills = 1;
    holds(set);
    set.reader_kills = 0;
    set.writer_kills = 1;
    set.sizes = {{1, 1}, {1}};
    set.wanted = 0;
    holds(set);
}

TEST_CASE(
    "ring model: small writers give way to one that waits, but not to a reader that parks over what it passed over") {
    setting set{.sizes = {{1, 1}, {1}, {1}}};
    set.capacities = {4, 4, 1};
    set.wanted = 1;
    set.sleeping = set.giving_way = true;
    holds(set);
    is_found(set, fault::no_look_after_parking);
}

TEST_CASE("ring model: old laps are renewed while writers claim") {
    setting set{.sizes = {{2, 2, 2, 2, 2}, {1, 1}}};
    set.scrubbing = true;
    holds(set);
    is_found(set, fault::scrub_too_far);
}

TEST_CASE("ring model: two writers and two readers") {
    setting set{.sizes = {{1}, {2}}};
    set.readers = 2;
    holds(set);
}

TEST_CASE("ring model: two readers, one killed at any step") {
    setting set{.sizes = {{1, 2}}};
    set.readers = 2;
    set.reader_kills = 1;
    set.sleeping = true;
    set.capacity = 1;
    holds(set);
    is_found(set, fault::dead_sweeper_stays);
    is_found(set, fault::no_keeper_bell);
}

TEST_CASE("ring model: two readers, a writer and a reader killed at any step") {
    setting set{.sizes = {{1, 1}}};
    set.readers = 2;
    set.reader_kills = set.writer_kills = 1;
    holds(set);
}

TEST_CASE("ring model: two readers sweep") {
    setting set{.sizes = {{1, 1}}};
    set.readers = 2;
    holds(set);
    is_found(set, fault::sweeper_leaves);
}

TEST_CASE("ring model: a void record is marked done before it is cleared") {
    setting set{.sizes = {{1, -1}}};
    set.readers = 2;
    set.reader_kills = 1;
    holds(set);
    is_found(set, fault::unmarked_void);
}

TEST_CASE("ring model: a shared reader, pads and void records, a writer killed at any step") {
    setting set{.sizes = {{2, 1}, {-1, 2}}};
    set.readers = 1;
    set.writer_kills = 1;
    holds(set);
}

TEST_CASE("ring model: two readers, one gives back and leaves") {
    setting set{.sizes = {{1, 1}}};
    set.readers = 2;
    set.giving_back = true;
    holds(set);
    is_found(set, fault::no_returns);
}

TEST_CASE("ring model: two readers, one keeps what it takes; the other is woken for the rest") {
    setting set{.sizes = {{1}, {1}}};
    set.readers = 2;
    set.keeping = true;
    holds(set);
    is_found(set, fault::no_passing_on);
}

TEST_CASE("ring model: two readers, closed at any step, one killed at any step") {
    setting set{.sizes = {{1}}};
    set.readers = 2;
    set.closing = true;
    holds(set);
    is_found(set, fault::no_second_look);
    set.reader_kills = 1;
    holds(set);
}

TEST_CASE("ring model: a writer killed at any step is revived with the id it had") {
    setting set{.sizes = {{2, 1}, {1}}};
    set.writer_kills = 2;
    set.reviving = true;
    holds(set);
    is_found(set, fault::no_disowning);
}

TEST_CASE("ring model: two readers; one is killed at any step and revived with the id it had") {
    setting set{.sizes = {{1}}};
    set.readers = 2;
    set.reader_kills = 2;
    set.reviving = true;
    holds(set);
    is_found(set, fault::no_disowning);
    is_found(set, fault::no_rounds);
}

TEST_CASE("ring model: one of a reader and a writer that share is killed at any step and revived with the id it had") {
    setting set{.sizes = {{1, 2}}};
    set.readers = 1;
    set.sleeping = true;
    set.capacity = 1;
    set.reader_kills = set.writer_kills = 1;
    set.reviving = true;
    holds(set);
}
