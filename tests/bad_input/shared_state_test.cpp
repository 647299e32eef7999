// Locks, arrays, events, barriers and semaphores that are asked for what cannot be, or used in a wrong way.
#include <chrono>
#include <csignal>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"

using namespace std::chrono_literals;

namespace {

using checks::contains;

constexpr std::size_t gib = std::size_t{1} << 30;

template <class Error, class Call>
std::string refusal(Call call) {
    try {
        call();
    } catch (const Error& refused) {
        return refused.what();
    }
    return "it was not refused";
}

template <class X>
auto waited(X&& x) {
    return troupe::sync_wait(troupe::with_timeout(20s, std::forward<X>(x)));
}

std::size_t make_all_there_are() {
    std::vector<troupe::mutex> all;
    std::string said;
    try {
        for (;;) all.emplace_back();
    } catch (const troupe::out_of_memory& full) {
        said = full.what();
    }
    CHECK_THAT(said, contains("65536") && contains("the most there can be"));
    all.pop_back();
    const troupe::mutex another;
    const auto inside = another.try_lock();
    CHECK(inside.has_value());
    return all.size();
}

}  // namespace

TEST_CASE("shared state: an array of 0 elements, or of more than there can be, is refused") {
    CHECK_THAT(refusal<troupe::misuse>([] { troupe::shared_array<int>{0}; }), contains("0 elements"));
    CHECK_THAT(refusal<troupe::too_large>([] { troupe::shared_array<long>{gib}; }), contains("2 GiB is the most"));
    CHECK_THAT(refusal<troupe::too_large>([] { troupe::shared_array<long>{std::numeric_limits<std::size_t>::max()}; }),
               contains("2 GiB is the most"));
}

TEST_CASE("shared state: a barrier of 0, of 1 and of more processes than there can be is refused") {
    CHECK_THAT(refusal<troupe::misuse>([] { troupe::barrier{0}; }), contains("a barrier of 0"));
    CHECK_THAT(refusal<troupe::misuse>([] { troupe::barrier{1}; }), contains("at least 2 processes"));
    CHECK_THAT(refusal<troupe::too_large>([] { troupe::barrier{4096}; }), contains("4,095"));
}

TEST_CASE("shared state: a semaphore has at most 2^20 - 1 permits, however they come") {
    constexpr std::uint32_t most = (1u << 20) - 1;
    CHECK_THAT(refusal<troupe::too_large>([] { troupe::semaphore{most + 1}; }), contains("1,048,575"));
    const troupe::semaphore s(most - 1);
    s.release();
    CHECK(s.available() == most);
    CHECK_THAT(refusal<troupe::too_large>([&s] { s.release(); }), contains("1,048,575"));
    CHECK_THAT(refusal<troupe::too_large>([&s] { s.release(most); }), contains("1,048,575"));
    CHECK(s.available() == most);
    CHECK_THAT(refusal<troupe::misuse>([&s] { s.release(0); }), contains("0 permits"));
    CHECK_THAT(refusal<troupe::misuse>([&s] { static_cast<void>(s.acquire(0)); }), contains("0 permits"));
    CHECK(s.try_acquire(most));
    s.release(most);
    CHECK(s.available() == most);
}

TEST_CASE("shared state: 65,537 locks are too many, and the error says so") { CHECK(make_all_there_are() >= 65'000); }

TEST_CASE("shared state: a handle that was moved, or never made, throws misuse") {
    troupe::shared<int> one(3);
    const auto moved = std::move(one);
    CHECK_THAT(refusal<troupe::misuse>([&one] { static_cast<void>(one.lock()); }), contains("was moved from"));
    CHECK_THAT(refusal<troupe::misuse>([&one] { one.peek(); }), contains("this shared value"));
    CHECK(moved.peek() == 3);
    CHECK_THROWS_AS(troupe::shared_array<int>{}.view(), troupe::misuse);
    CHECK_THROWS_AS(troupe::barrier{}.arrive_and_wait(), troupe::misuse);
    CHECK_THROWS_AS(troupe::semaphore{}.release(), troupe::misuse);
}
