// An event: set or not, and processes that wait until it is.
//
// Setting it wakes all who wait. Whoever waits goes on when it is set, or when it was set since the wait began, even if
// it was cleared at once. An event that is set stays so when the process that has set it ends.
#pragma once

#include <cstdint>
#include <utility>

#include <troupe/detail/cell_hold.hpp>
#include <troupe/detail/cell_wait.hpp>
#include <troupe/detail/decoding_scope.hpp>
#include <troupe/detail/travels.hpp>

namespace troupe {
namespace detail {

class [[nodiscard("a wait does nothing until it is awaited")]] event_wait final : public cell_wait {
public:
    explicit event_wait(cell_hold hold) noexcept : hold_(std::move(hold)) {}
    event_wait(event_wait&& other) noexcept : cell_wait(), hold_(std::move(other.hold_)) {}
    event_wait& operator=(event_wait&&) = delete;
    void await_resume() const { throw_if_failed(); }

    readiness glance() noexcept override;
    readiness fall_asleep() noexcept override { return glance(); }
    void awake() noexcept override {}
    const cell_hold& waits_at() const noexcept override { return hold_; }

private:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;

    cell_hold hold_;
    std::uint64_t times_ = 0;  // how often it had been set when the wait began
    bool begun_ = false;
};

cell_hold make_event();
void set_event(const cell_hold& hold);
void clear_event(const cell_hold& hold);
bool event_is_set(const cell_hold& hold);

}  // namespace detail

class event {
public:
    // A new one, not set. Throws misuse outside of `run`, and out_of_memory.
    event() {
        if (!detail::decoding()) hold_ = detail::make_event();
    }

    void set() const { detail::set_event(hold_); }
    void clear() const { detail::clear_event(hold_); }
    bool is_set() const { return detail::event_is_set(hold_); }
    // Awaiting it returns nothing. It can be given a deadline and can be cancelled.
    auto wait() const {
        hold_.expect_here("this event");
        return detail::event_wait(hold_);
    }

    friend bool operator==(const event&, const event&) noexcept = default;

private:
    friend struct detail::handle_traits<event>;
    detail::cell_hold hold_;
};

template <>
struct detail::handle_traits<event> {
    static handle_ref refer(const event& held) { return held.hold_.share(); }
    static void adopt(event& into, handle_ref ref) { into.hold_ = cell_hold::adopt(ref, cell_sort::event); }
};

}  // namespace troupe
