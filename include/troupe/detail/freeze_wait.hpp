// Waits until no process can write to an array any more.
#pragma once

#include <utility>

#include <troupe/detail/cell_hold.hpp>
#include <troupe/detail/cell_wait.hpp>

namespace troupe::detail {

class [[nodiscard("a freeze does nothing until it is awaited")]] freeze_wait final : public cell_wait {
public:
    explicit freeze_wait(cell_hold hold) noexcept : hold_(std::move(hold)) {}
    freeze_wait(freeze_wait&& other) noexcept : cell_wait(), hold_(std::move(other.hold_)) {}
    freeze_wait& operator=(freeze_wait&&) = delete;
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
    bool begun_ = false;
};

bool is_frozen(const cell_hold& array);

}  // namespace troupe::detail
