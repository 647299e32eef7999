#include "prove/stepper.hpp"

#include <cstdio>

// NOLINTBEGIN(readability-identifier-naming): the linker's own names
extern "C" {
extern const char __executable_start;
extern const char etext;
void _start();
}
// NOLINTEND(readability-identifier-naming)

namespace proving {

std::string to_string(const kill_point& point) {
    char text[96];
    if (point.what == kill_point::kind::system_call) {
        std::snprintf(text, sizeof text, "%s system call %u", point.nth % 2 == 1 ? "at the entry of" : "behind",
                      (point.nth + 1) / 2);
    } else {
        std::snprintf(text, sizeof text, "%s 0x%llx for time %u",
                      point.what == kill_point::kind::before ? "before" : "called from",
                      static_cast<unsigned long long>(point.address), point.nth);
    }
    return text;
}

bool in_own_code(std::uint64_t address) {
    return address >= reinterpret_cast<std::uint64_t>(&__executable_start) &&
           address < reinterpret_cast<std::uint64_t>(&etext);
}

stepper::instruction stepper::at(std::uint64_t address) {
    const auto found = known_.find(address);
    if (found != known_.end()) return found->second;
    const std::uint64_t text = victim_.text_at(address);
    const std::uint64_t first = text & 0xff, second = text >> 8 & 0xff;
    instruction what = instruction::other;
    if (first == 0x0f && second == 0x05) what = instruction::system_call;
    if (first == 0xc3 || first == 0xc2 || (first == 0xf3 && second == 0xc3)) what = instruction::ret;
    const std::uint64_t operation = second == 0x48 ? text >> 16 & 0xff : second;
    if ((first == 0xf3 || first == 0xf2) && operation >= 0xa4 && operation <= 0xaf) what = instruction::repeated;
    known_.emplace(address, what);
    return what;
}

// Behind an exec: the dynamic linker is not ours. Its system calls are counted all the same.
bool stepper::run_to_entry() {
    known_.clear();
    const auto entry = reinterpret_cast<std::uint64_t>(&_start);
    victim_.set_break(entry);
    for (;;) {
        const halt now = victim_.run_to_system_call();
        if (now.what == halt::kind::syscall) ++system_calls_;
        if (now.what == halt::kind::gone) return false;
        if (now.what != halt::kind::trap) continue;
        victim_.step_back();
        victim_.take_break(entry);
        return true;
    }
}

arrival stepper::walk(const std::function<bool(const kill_point&)>& visit) {
    std::uint64_t last = 0;
    for (;;) {
        const std::uint64_t now = victim_.position();
        if (now == end_) return arrival::ended;
        if (in_own_code(now)) {
            if (now != last || at(now) != instruction::repeated) {
                if (visit({kill_point::kind::before, now, ++times_[now]})) return arrival::there;
            }
        } else if (in_own_code(last) && at(last) != instruction::ret) {
            if (visit({kill_point::kind::outside, last, times_[last]})) return arrival::there;
        }
        const bool calls = at(now) == instruction::system_call;
        if (calls && visit({kill_point::kind::system_call, 0, ++system_calls_})) return arrival::there;
        last = now;
        halt reached = victim_.step();
        if (reached.what == halt::kind::exec) {
            if (!run_to_entry()) return arrival::ended;
            last = 0;
            continue;
        }
        if (reached.what == halt::kind::gone) return arrival::ended;
        if (calls && visit({kill_point::kind::system_call, 0, ++system_calls_})) return arrival::there;
    }
}

namespace {

arrival hunt_system_call(tracee& victim, std::uint32_t nth, std::uint64_t end) {
    if (end != 0) victim.set_break(end);
    for (std::uint32_t met = 0;;) {
        const halt now = victim.run_to_system_call();
        if (now.what == halt::kind::gone) return arrival::ended;
        if (now.what == halt::kind::exec) victim.set_all_breaks_again();
        if (now.what == halt::kind::trap) return arrival::ended;
        if (now.what == halt::kind::syscall && ++met == nth) return arrival::there;
    }
}

}  // namespace

arrival hunt(tracee& victim, const kill_point& point, std::uint64_t end) {
    if (point.what == kill_point::kind::system_call) return hunt_system_call(victim, point.nth, end);
    if (end != 0 && end != point.address) victim.set_break(end);
    bool here = victim.position() == point.address;
    for (std::uint32_t met = 0;;) {
        if (!here) {
            if (!victim.breaks_at(point.address)) victim.set_break(point.address);
            const halt now = victim.run();
            if (now.what == halt::kind::gone) return arrival::ended;
            if (now.what == halt::kind::exec) victim.set_all_breaks_again();
            if (now.what != halt::kind::trap) continue;
            if (victim.position() != point.address + 1) return arrival::ended;
            victim.step_back();
        }
        here = false;
        victim.take_break(point.address);
        if (++met == point.nth && point.what == kill_point::kind::before) return arrival::there;
        do {  // one with a repeat prefix is stepped many times
            const halt now = victim.step();
            if (now.what == halt::kind::gone) return arrival::ended;
            if (now.what == halt::kind::exec) victim.set_all_breaks_again();
        } while (victim.position() == point.address);
        if (met == point.nth) return arrival::there;
    }
}

}  // namespace proving
