#include "loop/spin.hpp"

#include <algorithm>

#include "base/machine.hpp"
#include "loop/host.hpp"
#include "loop/source.hpp"

namespace troupe::loop {
namespace {

constexpr int glances_a_clock_reading = 16;
constexpr int pauses_in_no_hurry = 40, pauses_of_a_rest = 200;  // 20 to 45 ns each

void pause_cpu(int times) noexcept {
    for (int i = 0; i < times; ++i) base::pause_cpu();
}

}  // namespace

void rest(host& of) {
    if (of.may_spin() && of.in_no_hurry()) pause_cpu(pauses_of_a_rest);
}

std::optional<base::time_point> spin(host& of, source_list& sources, base::time_point until) {
    const auto longest = of.longest_spin();
    if (sources.empty() || longest <= base::duration::zero() || !of.may_spin()) return std::nullopt;
    base::time_point now = base::steady_clock::now();
    const base::time_point end = std::min(until, now + longest);
    if (of.in_no_hurry()) pause_cpu(pauses_in_no_hurry);
    do {
        for (int i = 0; i < glances_a_clock_reading; ++i) {
            if (sources.glance()) return now;
            base::pause_cpu();
        }
        now = base::steady_clock::now();
    } while (now < end && of.may_spin());
    return std::nullopt;
}

}  // namespace troupe::loop
