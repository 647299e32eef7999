// What waits for something that a cell can give, and how the loop looks after it.
#pragma once

#include <cstdint>

#include <troupe/detail/wait.hpp>

namespace troupe::detail {

class cell_hold;

enum class readiness : std::uint8_t {
    nothing,
    ready,
    soon,  // somebody is between two instructions and will not ring: look again
};

class cell_wait : public wait {
public:
    // What it waits for is there.
    virtual readiness glance() noexcept = 0;
    // The process is about to sleep. `nothing`: it will be rung.
    virtual readiness fall_asleep() noexcept = 0;
    virtual void awake() noexcept = 0;
    // What it waits for, or to be let at.
    virtual const cell_hold& waits_at() const noexcept = 0;

    cell_wait* next_waiting = nullptr;

protected:
    cell_wait() noexcept = default;
};

}  // namespace troupe::detail
