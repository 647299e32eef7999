// Jain's index: how evenly several were served. 1 when all got the same, 1/n when one got everything.
#pragma once

#include <cstdint>
#include <vector>

namespace bench {

inline double jain_index(const std::vector<std::uint64_t>& counts) {
    double sum = 0, squares = 0;
    for (const std::uint64_t each : counts) {
        const auto count = static_cast<double>(each);
        sum += count;
        squares += count * count;
    }
    return squares > 0 ? sum * sum / (static_cast<double>(counts.size()) * squares) : 0;
}

}  // namespace bench
