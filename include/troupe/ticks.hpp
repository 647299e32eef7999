// Waiting again and again in a steady rhythm, and until a time of day.
#pragma once

#include <chrono>
#include <cstdint>

#include <troupe/detail/timer.hpp>
#include <troupe/detail/wait.hpp>
#include <troupe/task.hpp>

namespace troupe {

class ticks;

namespace detail {

class [[nodiscard("a wait for a tick does nothing until it is awaited")]] tick_wait final : public wait {
public:
    explicit tick_wait(ticks& of) noexcept : of_(&of) {}
    std::uint64_t await_resume() const {
        throw_if_failed();
        return missed_;
    }

private:
    struct alarm : timer {
        tick_wait* waiting = nullptr;
    };

    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;
    void set_alarm();

    ticks* of_;
    std::uint64_t missed_ = 0;
    alarm alarm_;
};

task<> wait_until(std::chrono::nanoseconds since_epoch);

}  // namespace detail

// A rhythm: ticks that are a period apart, whatever is done in between. The first comes one period after it was made.
class ticks {
public:
    // Throws misuse if the period is not longer than zero.
    explicit ticks(std::chrono::nanoseconds period);

    // Waits for the next tick. Awaiting it gives how many ticks were missed: those that came before the one that ends
    // this wait, and that no wait has had. Whoever is late goes on at once and is in time again at the next tick. A
    // wait that is cancelled has taken no tick. This object stays where it is until the await ends.
    detail::tick_wait next() noexcept { return detail::tick_wait(*this); }

private:
    friend class detail::tick_wait;

    std::chrono::nanoseconds period_;
    std::chrono::steady_clock::time_point due_;  // of the next
};

// Any unit and type of duration; the longest mean never. Throws misuse if the period is zero, negative or not a number.
template <class Rep, class Period>
ticks every(std::chrono::duration<Rep, Period> period) {
    return ticks(detail::to_nanoseconds(period));
}

// Awaiting it waits until the clock on the wall says `when`, and follows the clock when somebody sets it: a step
// forward ends the wait sooner, a step back later. A time that has passed is no wait at all. Each such wait takes a
// descriptor while it lasts, and throws std::system_error if there is none. Use `sleep_until` for a time that shall not
// move.
template <class Duration>
[[nodiscard("a wait does nothing until it is awaited")]] task<> at(
    std::chrono::time_point<std::chrono::system_clock, Duration> when) {
    return detail::wait_until(detail::to_nanoseconds(when.time_since_epoch()));
}

}  // namespace troupe
