// Steps a victim through its operation, from where it stands, and names every kill point it comes by.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "prove/kill_point.hpp"
#include "prove/tracee.hpp"

namespace proving {

enum class arrival : std::uint8_t {
    there,  // it stands at the point
    ended,  // it stands at the end of the operation, or is gone
};

class stepper {
public:
    // `end`: where the operation ends; 0: with the process.
    stepper(tracee& victim, std::uint64_t end) : victim_(victim), end_(end) {}

    // Until `visit` says that it is the one.
    arrival walk(const std::function<bool(const kill_point&)>& visit);

private:
    enum class instruction : std::uint8_t { other, system_call, repeated, ret };
    instruction at(std::uint64_t address);
    bool run_to_entry();

    tracee& victim_;
    std::uint64_t end_;
    std::unordered_map<std::uint64_t, std::uint32_t> times_;
    std::unordered_map<std::uint64_t, instruction> known_;
    std::uint32_t system_calls_ = 0;
};

// Runs at full speed to the point.
arrival hunt(tracee& victim, const kill_point& point, std::uint64_t end);

}  // namespace proving
