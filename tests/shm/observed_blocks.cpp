// What processes write while somebody observes them: histograms of times, and traces.
#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "catch.hpp"
#include "shm/timing.hpp"
#include "shm/trace.hpp"

using namespace troupe::shm;

namespace {

std::vector<std::uint64_t> counts_of(const time_histogram& from) {
    std::vector<std::uint64_t> counts;
    for (std::size_t i = 0; i < time_histogram::buckets; ++i) counts.push_back(from.count(i));
    return counts;
}

std::unique_ptr<timing_block> fresh_timing() {
    auto made = std::make_unique<timing_block>();
    made->begin(3, 1, 0);
    return made;
}

}  // namespace

TEST_CASE("timing: each time is in the bucket that says so, and buckets lie side by side") {
    double end = 0;
    for (std::size_t i = 0; i < time_histogram::buckets; ++i) {
        REQUIRE(time_histogram::least_of(i) == end);
        end += time_histogram::width_of(i);
        REQUIRE(time_histogram::bucket_of(static_cast<std::uint64_t>(time_histogram::least_of(i))) == i);
        REQUIRE(time_histogram::bucket_of(static_cast<std::uint64_t>(end) - 1) == i);
    }
    CHECK(time_histogram::bucket_of(~std::uint64_t{0}) == time_histogram::buckets - 1);
}

TEST_CASE("timing: quantiles agree with the sorted times, to within an eighth") {
    const auto block = fresh_timing();
    std::mt19937_64 random(7);
    std::vector<std::uint64_t> times;
    for (int i = 0; i < 20'000; ++i) times.push_back(random() >> (24 + random() % 38));
    time_histogram& histogram = block->row_of(1).handling;
    for (const std::uint64_t one : times) histogram.add(one);
    std::sort(times.begin(), times.end());
    const std::vector<std::uint64_t> counts = counts_of(histogram);
    for (const double share : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        const auto exact = static_cast<double>(times[static_cast<std::size_t>(share * (times.size() - 1.0))]);
        const double found = quantile_of(counts, share);
        CHECK(found >= exact * 0.875);
        CHECK(found <= exact * 1.125 + 1);
    }
    CHECK(histogram.longest() == times.back());
    CHECK(quantile_of(counts_of(block->row_of(2).handling), 0.5) == 0);
}

TEST_CASE("timing: twelve types have a row of their own, and the others share one") {
    const auto block = fresh_timing();
    for (std::uint32_t type = 0; type < 20; ++type) block->row_of(type).handling.add(100);
    for (std::size_t i = 0; i < timing_block::types; ++i) {
        CHECK(block->rows[i].type.get() == timing_block::named(static_cast<std::uint32_t>(i)));
        CHECK(block->rows[i].handling.sum() == 100);
    }
    CHECK(block->rows[timing_block::types].handling.sum() == 800);
}

TEST_CASE("trace: an event is read as it was written, and the oldest is overwritten") {
    const auto block = std::make_unique<trace_block>();
    block->begin(3, 1, observed_block::no_incarnation);
    const traced_event one{{event_kind::sent, 7, 12, 0xabcdef01, 0xffff'ffff, 0}, 0x1234'5678, 987'654'321'012};
    for (std::uint64_t i = 0; i <= trace_block::capacity; ++i) block->note(one);
    CHECK(block->count() == trace_block::capacity + 1);
    CHECK(trace_block::offset_of(trace_block::capacity) == trace_block::offset_of(0));
    CHECK(trace_block::offset_of(trace_block::capacity - 1) + sizeof(trace_entry) <= trace_bytes);
    const auto* const raw = reinterpret_cast<const std::byte*>(block.get());
    const traced_event read = reinterpret_cast<const trace_entry*>(raw + trace_block::offset_of(5))->get();
    CHECK(read.what.kind == event_kind::sent);
    CHECK(read.what.size == 7);
    CHECK(read.what.peer == 12);
    CHECK(read.what.type == 0xabcdef01);
    CHECK(read.what.position == 0xffff'ffff);
    CHECK(read.other == 0x1234'5678);
    CHECK(read.ns == 987'654'321'012);
}
