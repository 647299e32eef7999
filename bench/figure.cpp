#include "figure.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t most_samples = 1'000'000;

}  // namespace

samples::samples() {
    kept_.assign(most_samples, 0);
    kept_.clear();
}

double samples::quantile(double share) const {
    if (kept_.empty()) return 0;
    std::vector<std::int64_t> sorted = kept_;
    const auto place = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(place), sorted.end());
    return static_cast<double>(sorted[place]);
}

bool print(const figure& measured) {
    // Names are ours and hold nothing that JSON would have escaped.
    std::printf(R"({"program": "%s", "name": "%s", "unit": "%s", "value": %.6g, "p99": %.6g, "jain": %.4g, )"
                R"("count": %zu, "errors": %zu})"
                "\n",
                measured.program, measured.name.c_str(), measured.unit, measured.value, measured.p99, measured.jain,
                measured.count, measured.errors);
    std::fflush(stdout);
    return measured.errors == 0 && measured.count > 0;
}

figure timed(const char* program, std::string name, const char* unit, double ns, const samples& all,
             std::size_t errors) {
    return {.program = program,
            .name = std::move(name),
            .unit = unit,
            .value = all.quantile(0.5) / ns,
            .p99 = all.quantile(0.99) / ns,
            .count = all.count(),
            .errors = errors};
}

}  // namespace bench
