// Waiting for a lock, and having it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <troupe/detail/cell_hold.hpp>
#include <troupe/detail/cell_wait.hpp>
#include <troupe/exit_status.hpp>

namespace troupe::detail {

// A turn at a lock, from the moment when it was taken. It ends with this object, or with `unlock`.
class lock_turn {
public:
    lock_turn() noexcept = default;
    // `place` has the lock.
    lock_turn(cell_hold&& hold, std::uint32_t place) noexcept : hold_(std::move(hold)), place_(place) {}
    // `died`, with `how`: who died with it, as nobody has let it go alive since.
    lock_turn(cell_hold&& hold, std::uint32_t place, std::uint64_t died, std::uint64_t how) noexcept
        : hold_(std::move(hold)), place_(place), died_(died), how_(how) {}
    lock_turn(lock_turn&& other) noexcept;
    lock_turn& operator=(lock_turn&& other) noexcept;
    ~lock_turn() {
        if (place_ != 0) unlock();
    }

    explicit operator bool() const noexcept { return place_ != 0; }
    void unlock() noexcept;
    std::optional<exit_status> abandoned() const;
    const cell_hold& hold() const noexcept { return hold_; }
    std::uint32_t place() const noexcept { return place_; }
    // Throws misuse when it has ended.
    void* value() const {
        const cell_use* const use = place_ != 0 ? hold_.use() : nullptr;
        return use != nullptr && use->content != nullptr ? use->content : find_value();
    }

private:
    void* find_value() const;

    cell_hold hold_;
    std::uint32_t place_ = 0;
    std::uint64_t died_ = 0, how_ = 0;
};

// Stands in line from the moment when it is awaited. A wait that ends without the lock has left the line: it
// keeps nobody waiting.
class lock_wait : public cell_wait {
public:
    explicit lock_wait(cell_hold hold) noexcept : hold_(std::move(hold)) {}
    lock_wait(lock_wait&& other) noexcept : cell_wait(), hold_(std::move(other.hold_)) {}
    lock_wait& operator=(lock_wait&&) = delete;
    ~lock_wait() {
        if (place_ != 0) give_up();
    }

    // By the promise of the coroutine that awaits it, before it is asked.
    void awaited_by(const promise_base& asker) noexcept { asker_ = &asker; }

    readiness glance() noexcept override;
    readiness fall_asleep() noexcept override;
    void awake() noexcept override;
    const cell_hold& waits_at() const noexcept override { return hold_; }

    // What was taken, after the wait.
    lock_turn take_turn() noexcept {
        has_it_ = false;
        const std::uint32_t place = std::exchange(place_, 0);
        return abandoned_ ? take_abandoned(place) : lock_turn(std::move(hold_), place);
    }

protected:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;
    // It is not wanted.
    void pass_on() noexcept;
    channel::cell_port& port() const noexcept { return *hold_.get(); }  // in the library alone
    // It waits in a condition, and goes on when it has the lock.
    void wait_in_condition(std::uint32_t place) noexcept {
        place_ = place;
        in_line_ = true;
    }
    const cell_hold& hold() const noexcept { return hold_; }
    bool has_it() const noexcept { return has_it_; }
    std::uint32_t place() const noexcept { return place_; }

private:
    bool take_or_join();
    bool take_granted();
    bool look_for_a_moment();
    bool begin_turn();
    lock_turn take_abandoned(std::uint32_t place) noexcept;
    void give_up() noexcept;
    void leave_line() noexcept;
    void refuse_own_lock() const;

    cell_hold hold_;
    const promise_base* asker_ = nullptr;
    std::uint32_t place_ = 0;  // 0: it has none yet
    bool in_line_ = false;
    bool has_it_ = false;
    bool abandoned_ = false;
};

// For what needs the turn of a `held`.
struct turn_access {
    template <class Held>
    static lock_turn& of(Held& held) noexcept {
        return held.turn_;
    }
};

lock_turn try_lock(const cell_hold& hold, const char* what);
// Copies the value while nobody has the lock. Returns false if somebody has, or the last one died with it.
bool peek(const cell_hold& hold, const char* what, void* into, std::size_t bytes);
// Throws timed_out, with a sentence that says who has the lock, and how long.
[[noreturn]] void throw_still_locked(const cell_hold& hold);
// A lock with room for a value of so many bytes, and the value.
cell_hold make_lock(const void* value, std::size_t bytes);

}  // namespace troupe::detail
