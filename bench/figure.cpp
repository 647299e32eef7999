#include "figure.hpp"

#include <cstdlib>
#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

namespace bench {
namespace {

// From the environment, which actors inherit: it may be one of them that prints.
bool buckets_wanted() {
    static const bool wanted = std::getenv("TROUPE_BENCH_BUCKETS") != nullptr;
    return wanted;
}

}  // namespace

bool print(const figure& measured) {
    nlohmann::ordered_json line{{"program", measured.program}, {"name", measured.name},     {"unit", measured.unit},
                                {"value", measured.value},     {"p99", measured.p99},       {"p999", measured.p999},
                                {"max", measured.max},         {"cpu_us", measured.cpu_us}, {"jain", measured.jain},
                                {"count", measured.count},     {"errors", measured.errors}, {"cpus", measured.cpus}};
    if (buckets_wanted() && !measured.buckets.empty()) {
        auto& buckets = line["buckets"] = nlohmann::ordered_json::array();
        for (const auto& [value, count] : measured.buckets) buckets.push_back({value, count});
    }
    std::cout << line.dump() << '\n' << std::flush;
    return measured.errors == 0 && measured.count > 0;
}

figure timed(const char* program, std::string name, const char* unit, double ns, const samples& all, std::size_t errors,
             std::string cpus) {
    figure measured{.program = program,
                    .name = std::move(name),
                    .unit = unit,
                    .value = all.quantile(0.5) / ns,
                    .p99 = all.quantile(0.99) / ns,
                    .p999 = all.quantile(0.999) / ns,
                    .max = static_cast<double>(all.max()) / ns,
                    .count = all.count(),
                    .errors = errors,
                    .cpus = std::move(cpus)};
    all.each([&](double value, std::uint64_t count) { measured.buckets.push_back({value / ns, count}); });
    return measured;
}

}  // namespace bench
