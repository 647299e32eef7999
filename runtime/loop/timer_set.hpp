// The armed timers: a binary heap over intrusive entries, each of which knows its place. Arming and disarming cost
// O(log n), and no memory once the heap has grown.
#pragma once

#include <troupe/detail/timer.hpp>

#include <cstdint>
#include <vector>

#include "base/clock.hpp"

namespace troupe::loop {

class wait_notes;

class timer_set {
public:
    void arm(detail::timer& one);
    void disarm(detail::timer& one) noexcept;

    bool empty() const noexcept { return heap_.empty(); }
    base::time_point earliest() const noexcept { return heap_.front()->deadline; }  // not when empty

    // Says the time of the earliest for which a coroutine waits.
    void describe(wait_notes& into) const noexcept;

    // Calls those that are due, the earliest first; they are disarmed by then. True if there was one.
    bool fire_due(base::time_point now) noexcept;

private:
    static bool before(const detail::timer& a, const detail::timer& b) noexcept;
    void put(std::size_t place, detail::timer* one) noexcept;
    void rise(std::size_t place) noexcept;
    void sink(std::size_t place) noexcept;

    std::vector<detail::timer*> heap_;
    std::uint64_t armed_so_far_ = 0;
};

}  // namespace troupe::loop
