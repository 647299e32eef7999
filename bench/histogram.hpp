// A log-linear histogram: how often did a duration of about this length occur?
//
// Values below 128 are counted one by one; above, each power of two is cut into 64 buckets of equal width. So a bucket
// is never wider than 1/64 of the values in it, and its middle is at most 1/128 (0.8 %) away from any of them, at every
// magnitude. The idea is that of Gil Tene's HdrHistogram (https://hdrhistogram.org); the code is not.
//
// All buckets exist, and are touched, before the first value is added: counting allocates nothing and faults no page
// in.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

class histogram {
public:
    histogram() : counts_(bucket_count) {}

    // What is below 0 counts as 0.
    void add(std::int64_t value) noexcept {
        const std::int64_t kept = std::max<std::int64_t>(value, 0);
        ++counts_[bucket_of(static_cast<std::uint64_t>(kept))];
        ++count_;
        max_ = std::max(max_, kept);
    }
    void merge(const histogram& other) noexcept {
        for (std::size_t i = 0; i < bucket_count; ++i) counts_[i] += other.counts_[i];
        count_ += other.count_;
        max_ = std::max(max_, other.max_);
    }

    std::size_t count() const noexcept { return count_; }
    std::int64_t max() const noexcept { return max_; }  // exactly; 0 of none
    // The value that this share of them, 0 to 1, does not exceed, to within its bucket; 0 of none.
    double quantile(double share) const noexcept {
        if (count_ == 0) return 0;
        auto left = static_cast<std::uint64_t>(share * static_cast<double>(count_ - 1));
        std::size_t bucket = 0;
        for (; left >= counts_[bucket]; ++bucket) left -= counts_[bucket];
        // Those in a bucket are taken to lie evenly, so that medians do not jump from bucket to bucket between runs.
        const double place = (static_cast<double>(left) + 0.5) / static_cast<double>(counts_[bucket]);
        return std::min(least_of(bucket) + place * breadth_of(bucket), static_cast<double>(max_));
    }
    // Calls `see` with the middle of each bucket that is not empty, in order, and how many are in it.
    template <class See>
    void each(const See& see) const {
        for (std::size_t i = 0; i < bucket_count; ++i)
            if (counts_[i] > 0) see(middle_of(i), counts_[i]);
    }

private:
    static constexpr int exact_bits = 7;
    static constexpr std::size_t cuts = std::size_t{1} << (exact_bits - 1);  // of a power of two
    static constexpr std::size_t bucket_count = cuts * (63 - exact_bits + 2);

    // As many low bits are dropped as it takes to leave seven.
    static std::size_t bucket_of(std::uint64_t value) noexcept {
        const int dropped = std::max(static_cast<int>(std::bit_width(value)) - exact_bits, 0);
        return static_cast<std::size_t>(dropped) * cuts + static_cast<std::size_t>(value >> dropped);
    }
    static std::size_t dropped_of(std::size_t bucket) noexcept { return bucket < 2 * cuts ? 0 : bucket / cuts - 1; }
    static double least_of(std::size_t bucket) noexcept {
        const std::size_t dropped = dropped_of(bucket);
        return static_cast<double>(std::uint64_t{bucket - dropped * cuts} << dropped);
    }
    // From the least value in it to the greatest.
    static double breadth_of(std::size_t bucket) noexcept {
        return static_cast<double>((std::uint64_t{1} << dropped_of(bucket)) - 1);
    }
    static double middle_of(std::size_t bucket) noexcept { return least_of(bucket) + breadth_of(bucket) / 2; }

    std::vector<std::uint64_t> counts_;
    std::size_t count_ = 0;
    std::int64_t max_ = 0;
};

}  // namespace bench
