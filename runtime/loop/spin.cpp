#include "loop/spin.hpp"

#include <algorithm>

#include "base/machine.hpp"
#include "loop/source.hpp"

namespace troupe::loop {
namespace {

constexpr int glances_a_clock_reading = 16;
constexpr int pauses_in_no_hurry = 40, pauses_of_a_rest = 200;  // 20 to 45 ns each

void pause_cpu(int times) noexcept {
    for (int i = 0; i < times; ++i) base::pause_cpu();
}

bool allowed(const spin_policy& policy) { return policy.may_spin == nullptr || policy.may_spin(); }
bool in_no_hurry(const spin_policy& policy) { return policy.in_no_hurry != nullptr && policy.in_no_hurry(); }

}  // namespace

void rest(const spin_policy& policy) {
    if (allowed(policy) && in_no_hurry(policy)) pause_cpu(pauses_of_a_rest);
}

bool spin(const spin_policy& policy, source_list& sources, base::time_point until) {
    if (sources.empty() || policy.at_most <= base::duration::zero() || !allowed(policy)) return false;
    const base::time_point end = std::min(until, base::steady_clock::now() + policy.at_most);
    if (in_no_hurry(policy)) pause_cpu(pauses_in_no_hurry);
    do {
        for (int i = 0; i < glances_a_clock_reading; ++i) {
            if (sources.glance()) return true;
            base::pause_cpu();
        }
    } while (base::steady_clock::now() < end && allowed(policy));
    return false;
}

}  // namespace troupe::loop
