// The histogram that the figures of ./dev bench are read from.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "histogram.hpp"

using bench::histogram;

namespace {

std::vector<std::pair<double, std::uint64_t>> buckets(const histogram& one) {
    std::vector<std::pair<double, std::uint64_t>> all;
    one.each([&](double value, std::uint64_t count) { all.emplace_back(value, count); });
    return all;
}

}  // namespace

TEST_CASE("histogram: small values are kept as they are") {
    histogram all;
    for (std::int64_t value = 0; value < 128; ++value) all.add(value);
    const auto seen = buckets(all);
    REQUIRE(seen.size() == 128);
    for (std::size_t i = 0; i < seen.size(); ++i)
        REQUIRE(seen[i] == std::pair<double, std::uint64_t>(static_cast<double>(i), 1));
}

TEST_CASE("histogram: no value is further than 0.8 % from what is told of it") {
    double worst = 0;
    for (double exact = 1; exact < 9e18; exact *= 1.0007) {
        const auto value = static_cast<std::int64_t>(exact);
        histogram one;
        one.add(value);
        const double told = buckets(one).at(0).first;
        worst = std::max(worst, std::abs(told - static_cast<double>(value)) / static_cast<double>(value));
    }
    REQUIRE(worst > 0.007);  // or this has looked at nothing
    REQUIRE(worst < 0.008);
}

TEST_CASE("histogram: buckets follow each other without a gap") {
    for (int bit = 7; bit < 62; ++bit) {
        const std::int64_t edge = std::int64_t{1} << bit;
        histogram all;
        for (const std::int64_t value : {edge - 1, edge, edge + (edge >> 6)}) all.add(value);
        const auto seen = buckets(all);
        REQUIRE(seen.size() == 3);
        REQUIRE(seen[0].first < seen[1].first);
        REQUIRE(seen[1].first < seen[2].first);
    }
}

TEST_CASE("histogram: quantiles of known data are right, and the greatest is exact") {
    histogram all;
    for (std::int64_t value = 1; value <= 100'000; ++value) all.add(value);
    for (const double share : {0.01, 0.5, 0.9, 0.97})  // evenly spread, as is assumed, but for the last bucket
        REQUIRE(all.quantile(share) == checks::Approx(share * 100'000).epsilon(0.001));
    for (const double share : {0.99, 0.999})
        REQUIRE(all.quantile(share) == checks::Approx(share * 100'000).epsilon(0.016));
    REQUIRE(all.quantile(0) == 1);
    REQUIRE(all.quantile(1) <= 100'000);
    REQUIRE(all.quantile(1) == checks::Approx(100'000).epsilon(0.0001));
    REQUIRE(all.max() == 100'000);
    REQUIRE(all.count() == 100'000);
}

TEST_CASE("histogram: a quantile is no further than 1.6 % from a value that is there") {
    for (const std::int64_t value : {127, 128, 1'000, 65'535, 65'536, 123'456'789}) {
        histogram all;
        for (int i = 0; i < 1000; ++i) all.add(value);
        for (const double share : {0.0, 0.25, 0.5, 0.99, 1.0})
            REQUIRE(all.quantile(share) == checks::Approx(static_cast<double>(value)).epsilon(0.016));
    }
}

TEST_CASE("histogram: one outlier is in the tail and does not move the median") {
    histogram all;
    for (int i = 0; i < 999; ++i) all.add(100);
    all.add(1'000'000'007);
    REQUIRE(all.quantile(0.5) == 100);
    REQUIRE(all.quantile(0.998) == 100);
    REQUIRE(all.max() == 1'000'000'007);
    REQUIRE(all.quantile(1) == checks::Approx(1e9).epsilon(0.016));
}

TEST_CASE("histogram: an empty one tells 0") {
    const histogram none;
    REQUIRE(none.count() == 0);
    REQUIRE(none.max() == 0);
    REQUIRE(none.quantile(0.5) == 0);
    REQUIRE(buckets(none).empty());
}

TEST_CASE("histogram: what a clock cannot tell has its place too") {
    histogram all;
    all.add(-5);
    all.add(std::numeric_limits<std::int64_t>::max());
    const auto seen = buckets(all);
    REQUIRE(seen.size() == 2);
    REQUIRE(seen[0].first == 0);
    REQUIRE(seen[1].first == checks::Approx(9.22e18).epsilon(0.008));
}

TEST_CASE("histogram: two that are merged tell what one would have told") {
    histogram even, odd, all;
    for (std::int64_t value = 0; value < 50'000; value += 7) {
        (value % 2 == 0 ? even : odd).add(value);
        all.add(value);
    }
    odd.merge(even);
    REQUIRE(buckets(odd) == buckets(all));
    REQUIRE(odd.count() == all.count());
    REQUIRE(odd.max() == all.max());
    REQUIRE(odd.quantile(0.99) == all.quantile(0.99));
}
