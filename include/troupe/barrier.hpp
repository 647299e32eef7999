// A barrier: so many processes, which meet at it again and again. None goes on before all have come.
//
// A process is a party from its first arrival until it lets its handle go. It arrives once a round. The barrier is
// broken, for good, when a meeting cannot take place any more: when a party ends or lets its handle go, when a process
// that has a handle ends other than well, or when a wait is cancelled or its time is up. Whoever waits then, or comes
// later, gets broken_barrier. A round that was complete is never broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <troupe/detail/cell_hold.hpp>
#include <troupe/detail/cell_wait.hpp>
#include <troupe/detail/decoding_scope.hpp>
#include <troupe/detail/travels.hpp>
#include <troupe/error.hpp>

namespace troupe {

// `status()` says how the process ended that broke the barrier; nullopt if that process gave up its wait, or let its
// handle go, and has not ended.
class broken_barrier : public error {
public:
    broken_barrier(const std::string& who, std::optional<exit_status> status);
    const std::optional<exit_status>& status() const noexcept { return status_; }

private:
    std::optional<exit_status> status_;
};

namespace detail {

class [[nodiscard("an arrival does nothing until it is awaited")]] barrier_wait final : public cell_wait {
public:
    explicit barrier_wait(cell_hold hold) noexcept : hold_(std::move(hold)) {}
    barrier_wait(barrier_wait&& other) noexcept : cell_wait(), hold_(std::move(other.hold_)) {}
    barrier_wait& operator=(barrier_wait&&) = delete;
    ~barrier_wait();
    void await_resume() const { throw_if_failed(); }

    readiness glance() noexcept override;
    readiness fall_asleep() noexcept override { return glance(); }
    void awake() noexcept override {}
    const cell_hold& waits_at() const noexcept override { return hold_; }

private:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;
    bool arrive();
    void leave() noexcept;

    cell_hold hold_;
    std::uint64_t round_ = 0;
    bool arrived_ = false;  // and is not through
    bool in_crowd_ = false;
};

cell_hold make_barrier(std::size_t parties);

}  // namespace detail

class barrier {
public:
    // A handle of no barrier: using it throws misuse. A received one is put there.
    barrier() noexcept = default;
    // A new one, for 2 to 4,095 processes. Throws misuse for 0 and 1, too_large past 4,095, misuse outside of `run`,
    // and out_of_memory.
    explicit barrier(std::size_t parties) : hold_(detail::make_barrier(parties)) {}

    // Awaiting it arrives, waits for the others, and returns nothing. Throws broken_barrier; and misuse if this process
    // has arrived in this round already.
    auto arrive_and_wait() const {
        hold_.expect_here("this barrier");
        return detail::barrier_wait(hold_);
    }

    friend bool operator==(const barrier&, const barrier&) noexcept = default;

private:
    friend struct detail::handle_traits<barrier>;
    detail::cell_hold hold_;
};

template <>
struct detail::handle_traits<barrier> {
    static handle_ref refer(const barrier& held) { return held.hold_.share(); }
    static void adopt(barrier& into, handle_ref ref) { into.hold_ = cell_hold::adopt(ref, cell_sort::barrier); }
};

}  // namespace troupe
