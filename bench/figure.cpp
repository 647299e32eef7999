#include "figure.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace bench {
namespace {

// From the environment, which actors inherit: it may be one of them that prints.
bool buckets_wanted() {
    static const bool wanted = std::getenv("TROUPE_BENCH_BUCKETS") != nullptr;
    return wanted;
}

}  // namespace

bool print(const figure& measured) {
    // Names are ours and hold nothing that JSON would have escaped.
    std::printf(R"({"program": "%s", "name": "%s", "unit": "%s", "value": %.6g, "p99": %.6g, "p999": %.6g, )"
                R"("max": %.6g, "cpu_us": %.6g, "jain": %.4g, "count": %zu, "errors": %zu, "cpus": "%s")",
                measured.program, measured.name.c_str(), measured.unit, measured.value, measured.p99, measured.p999,
                measured.max, measured.cpu_us, measured.jain, measured.count, measured.errors, measured.cpus.c_str());
    if (buckets_wanted() && !measured.buckets.empty()) {
        const char* before = R"(, "buckets": [)";
        for (const auto& [value, count] : measured.buckets) {
            std::printf("%s[%.6g,%llu]", before, value, static_cast<unsigned long long>(count));
            before = ",";
        }
        std::printf("]");
    }
    std::printf("}\n");
    std::fflush(stdout);
    return measured.errors == 0 && measured.count > 0;
}

figure timed(const char* program, std::string name, const char* unit, double ns, const samples& all,
             std::size_t errors) {
    figure measured{.program = program,
                    .name = std::move(name),
                    .unit = unit,
                    .value = all.quantile(0.5) / ns,
                    .p99 = all.quantile(0.99) / ns,
                    .p999 = all.quantile(0.999) / ns,
                    .max = static_cast<double>(all.max()) / ns,
                    .count = all.count(),
                    .errors = errors};
    all.each([&](double value, std::uint64_t count) { measured.buckets.push_back({value / ns, count}); });
    return measured;
}

}  // namespace bench
