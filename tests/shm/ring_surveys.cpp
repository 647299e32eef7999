// What somebody from outside sees in a ring.
#include "ring_fixture.hpp"

#include <vector>

#include "shm/ring_survey.hpp"

using namespace ring_test;

namespace {

std::vector<std::uint32_t> seen_in(const ring& of) {
    std::vector<std::uint32_t> numbers;
    ring_survey survey(of);
    ring_survey::found one;
    while (survey.next(one)) {
        if (one.what == surveyed::in_flight) {
            numbers.push_back(~0u);
            continue;
        }
        std::uint32_t number = 0;
        std::memcpy(&number, one.payload.data(), sizeof number);
        numbers.push_back(number);
    }
    CHECK_FALSE(survey.damaged());
    return numbers;
}

using numbers = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("ring survey: it shows what is not consumed, although the head lags behind") {
    one_ring r;
    ring_writer writer(r.ring, ann);
    for (std::uint32_t i = 1; i <= 4; ++i) REQUIRE(send(writer, i) == room::claimed);
    CHECK(seen_in(r.ring) == numbers{1, 2, 3, 4});
    ring_reader reader(r.ring, r.dead.who());
    record one;
    for (int i = 0; i < 3; ++i) {
        REQUIRE(reader.look(one) == sight::message);
        reader.consume(one);
    }
    CHECK(r.ring.size() == 4);
    CHECK(seen_in(r.ring) == numbers{4});
}

TEST_CASE("ring survey: what was consumed out of order is left out") {
    one_ring r;
    ring_writer writer(r.ring, ann);
    for (std::uint32_t i = 1; i <= 3; ++i) REQUIRE(send(writer, i) == room::claimed);
    ring_reader reader(r.ring, r.dead.who());
    record first, second;
    REQUIRE(reader.look(first) == sight::message);
    REQUIRE(reader.look_after(first, second) == sight::message);
    reader.consume(second);
    CHECK(seen_in(r.ring) == numbers{1, 3});
}

TEST_CASE("ring survey: a pad is passed, and positions go round") {
    for (const std::uint64_t start : {near_a_pad, position_mask - 2}) {
        one_ring r(reader_mode::one, start);
        ring_writer writer(r.ring, ann);
        for (std::uint32_t i = 1; i <= 5; ++i) REQUIRE(send(writer, i, 200) == room::claimed);
        CHECK(seen_in(r.ring) == numbers{1, 2, 3, 4, 5});
    }
}

TEST_CASE("ring survey: a claim that is not committed is in flight, and those behind it are seen") {
    one_ring r;
    ring_writer writer(r.ring, ann), other(r.ring, bob);
    REQUIRE(send(writer, 1) == room::claimed);
    claim& open = leave_behind();
    REQUIRE(other.try_claim(40, unlimited, open) == room::claimed);
    REQUIRE(send(writer, 2) == room::claimed);
    CHECK(seen_in(r.ring) == numbers{1, ~0u, 2});
}

TEST_CASE("ring survey: of many readers, what is taken is said to be, and what is done is left out") {
    one_ring r(reader_mode::many);
    ring_writer writer(r.ring, ann);
    for (std::uint32_t i = 1; i <= 3; ++i) REQUIRE(send(writer, i) == room::claimed);
    ring_shared_reader reader(r.ring, bob, r.dead.who());
    record first, second;
    REQUIRE(reader.take(first) == sight::message);
    REQUIRE(reader.take(second) == sight::message);
    reader.finish(second);
    ring_survey survey(r.ring);
    ring_survey::found one;
    REQUIRE(survey.next(one));
    CHECK(one.taken);
    CHECK(one.taker == bob);
    REQUIRE(survey.next(one));
    CHECK_FALSE(one.taken);
    CHECK_FALSE(survey.next(one));
}

TEST_CASE("ring survey: how much of a batch is consumed is seen") {
    one_ring r;
    ring_writer writer(r.ring, ann);
    REQUIRE(send(writer, 1) == room::claimed);
    ring_reader reader(r.ring, r.dead.who());
    record one;
    REQUIRE(reader.look(one) == sight::message);
    reader.consume_part(one, 7);
    ring_survey survey(r.ring);
    ring_survey::found found;
    REQUIRE(survey.next(found));
    CHECK(found.parts == 7);
}

TEST_CASE("ring survey: words that no writer leaves end the walk") {
    one_ring r;
    ring_writer writer(r.ring, ann);
    for (std::uint32_t i = 1; i <= 3; ++i) REQUIRE(send(writer, i) == room::claimed);
    r.ring.claim_at(1).store(~std::uint64_t{0});
    ring_survey survey(r.ring);
    ring_survey::found one;
    REQUIRE(survey.next(one));
    CHECK_FALSE(survey.next(one));
    CHECK(survey.damaged());
}
