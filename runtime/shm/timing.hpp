// How long the messages of an actor take: by their type, from the sending until they are taken, and in their handlers.
// A block of 64 KiB for each actor, while somebody observes; see observed_block.
//
// Times are counted in histograms. Up to 15 ns each value has a bucket of its own; above, each power of two is cut into
// eight of equal width, so the middle of a bucket is at most 1/16 (6 %) away from what is in it. One process writes,
// and each count stands by itself.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "shm/observed_block.hpp"

namespace troupe::shm {

class time_histogram {
public:
    static constexpr std::size_t buckets = 312;  // up to 2^41 ns, more than half an hour; what is longer is in the last

    static constexpr std::size_t bucket_of(std::uint64_t ns) noexcept {
        const int dropped = std::max(static_cast<int>(std::bit_width(ns)) - exact_bits, 0);
        const std::size_t bucket = static_cast<std::size_t>(dropped) * cuts + static_cast<std::size_t>(ns >> dropped);
        return std::min(bucket, buckets - 1);
    }
    static constexpr double least_of(std::size_t bucket) noexcept {
        const std::size_t dropped = dropped_of(bucket);
        return static_cast<double>(std::uint64_t{bucket - dropped * cuts} << dropped);
    }
    // From the least value in it to the least of the next.
    static constexpr double width_of(std::size_t bucket) noexcept {
        return static_cast<double>(std::uint64_t{1} << dropped_of(bucket));
    }

    // By the process.
    void add(std::uint64_t ns) noexcept {
        auto& count = counts_[bucket_of(ns)];
        count.set(count.get() + 1);
        sum_.set(sum_.get() + ns);
        if (ns > longest_.get()) longest_.set(ns);
    }
    void clear() noexcept {
        for (auto& one : counts_) one.set(0);
        sum_.set(0);
        longest_.set(0);
    }

    std::uint64_t count(std::size_t bucket) const noexcept { return counts_[bucket].get(); }
    std::uint64_t sum() const noexcept { return sum_.get(); }          // ns
    std::uint64_t longest() const noexcept { return longest_.get(); }  // ns

private:
    static constexpr int exact_bits = 4;
    static constexpr std::size_t cuts = std::size_t{1} << (exact_bits - 1);  // of a power of two
    static constexpr std::size_t dropped_of(std::size_t bucket) noexcept {
        return bucket < 2 * cuts ? 0 : bucket / cuts - 1;
    }

    std::array<base::published<std::uint64_t>, buckets> counts_;
    base::published<std::uint64_t> sum_;
    base::published<std::uint64_t> longest_;
};

// What this share of the times, 0 to 1, does not exceed, in ns and to within its bucket; 0 of none. Those in a bucket
// are taken to lie evenly. `counts` has one for each bucket.
inline double quantile_of(std::span<const std::uint64_t> counts, double share) noexcept {
    std::uint64_t count = 0;
    for (const std::uint64_t one : counts) count += one;
    if (count == 0) return 0;
    auto left = static_cast<std::uint64_t>(share * static_cast<double>(count - 1));
    std::size_t bucket = 0;
    for (; left >= counts[bucket]; ++bucket) left -= counts[bucket];
    const double place = (static_cast<double>(left) + 0.5) / static_cast<double>(counts[bucket]);
    return time_histogram::least_of(bucket) + place * time_histogram::width_of(bucket);
}

struct timing_row {
    base::published<std::uint64_t> type;  // of the message, + 1 << 32; 0: the row is free. Set once
    time_histogram handling;              // from the begin of its handler to the end of that
    time_histogram queueing;              // from its sending until it was taken; not of requests
};

struct timing_block {
    static constexpr std::size_t types = 12;

    observed_block head;
    std::array<timing_row, types + 1> rows;  // the last one is for all types that found no row

    // By the keeper.
    void begin(std::uint32_t slot, std::uint32_t number, std::uint32_t incarnation) noexcept {
        for (timing_row& one : rows) {
            one.type.set(0);
            one.handling.clear();
            one.queueing.clear();
        }
        head.begin(observed_content::timing, slot, number, incarnation);
    }
    // By the process. crash: a row without counts
    timing_row& row_of(std::uint32_t type) noexcept {
        const std::uint64_t name = named(type);
        for (std::size_t i = 0; i < types; ++i) {
            const std::uint64_t found = rows[i].type.get();
            if (found == 0) rows[i].type.set(name);
            if (found == 0 || found == name) return rows[i];
        }
        return rows[types];
    }
    static constexpr std::uint64_t named(std::uint32_t type) noexcept { return std::uint64_t{1} << 32 | type; }
};
inline constexpr std::size_t timing_bytes = std::size_t{64} << 10;
static_assert(sizeof(timing_block) <= timing_bytes);

}  // namespace troupe::shm
