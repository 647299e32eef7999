// A value that actors share, under a lock.
//
//     troupe::shared<account> till;                     // in the program
//     co_await troupe::spawn<teller>(till);             // a handle: a value, as a queue is
//     auto inside = co_await till.lock();               // in the actor
//     inside->balance += 10;                            // and the lock is let go at the end of the block
//
// A handle can be copied, sent in messages and passed as an argument. The value lives while anybody holds a handle, or
// a message on its way carries one.
//
// The lock is given strictly in the order in which it is asked for, over all processes: who unlocks and locks again
// goes to the end of the line. A wait for it can be given a deadline (`with_timeout`, or `lock(d)`) and can be
// cancelled; it leaves the line then.
//
// If a process dies with the lock, be it killed at any instruction, the next one in line gets it, and `abandoned` says
// how the dead one ended: the value may be half changed, and whoever holds the lock now decides what to do. A process
// that is stopped, not dead, keeps the lock.
//
// A coroutine that has the lock must not ask for it again. Where it is known that it would wait for itself (the lock is
// in the frame of the coroutine that asks, or of one that awaits it), the await throws misuse. Elsewhere it waits for
// ever: where the lock was moved to another object, was taken by `try_lock`, or is asked for inside `with_timeout` or
// `when_all`, whose deadline or other tasks may end it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include <troupe/detail/decoding_scope.hpp>
#include <troupe/detail/lock_wait.hpp>
#include <troupe/detail/shareable.hpp>
#include <troupe/detail/travels.hpp>
#include <troupe/error.hpp>
#include <troupe/task.hpp>
#include <troupe/time.hpp>

namespace troupe {
namespace detail {

// Gives a Held, which takes the turn.
template <class Held>
class [[nodiscard("a lock is not taken until it is awaited")]] held_wait final : public lock_wait {
public:
    using lock_wait::lock_wait;
    Held await_resume() {
        throw_if_failed();
        return Held(static_cast<lock_wait&>(*this));
    }
};

template <class Held>
task<Held> lock_within(cell_hold hold, std::chrono::nanoseconds d) {
    std::optional<Held> taken;
    try {
        taken.emplace(co_await with_timeout(d, held_wait<Held>(hold)));
    } catch (const timed_out&) {
    }
    if (!taken) throw_still_locked(hold);
    co_return std::move(*taken);
}

}  // namespace detail

template <class T>
class shared {
public:
    // The lock, while it is held: the value, and who died with it. It can be moved, and lets go at its end. Using one
    // that was moved from, or let go, throws misuse.
    class held {
    public:
        T& operator*() const { return *static_cast<T*>(turn_.value()); }
        T* operator->() const { return static_cast<T*>(turn_.value()); }
        // How the last process ended that died with the lock, if no other has let it go in good order since. The value
        // is as it left it.
        std::optional<exit_status> abandoned() const { return turn_.abandoned(); }
        // Lets go before the end of the block. Doing it again changes nothing.
        void unlock() noexcept { turn_.unlock(); }

    private:
        friend class shared;
        friend struct detail::turn_access;
        template <class>
        friend class detail::held_wait;
        explicit held(detail::lock_turn turn) noexcept : turn_(std::move(turn)) {}
        // In place: a turn that is moved is nobody's any more.
        explicit held(detail::lock_wait& waited) noexcept : turn_(waited.take_turn()) {}
        detail::lock_turn turn_;
    };

    // A new value. Throws misuse outside of `run`, and out_of_memory when there are 65,536 cells (locks, arrays,
    // events, barriers, semaphores), or the program's shared memory is used up. Up to 64 bytes lie beside the lock; a
    // larger value has a block of its own.
    explicit shared(T initial = {}) {
        detail::check_shareable<T>();
        if (!detail::decoding()) hold_ = detail::make_lock(&initial, sizeof initial);
    }

    // Awaiting it gives a `held`. A wait that was cancelled, or whose time is up, has left the line.
    auto lock() const {
        hold_.expect_here(noun);
        return detail::held_wait<held>(hold_);
    }
    // The same for at most `d`: a task that throws timed_out, and says who has the lock, and since when.
    template <class Rep, class Period>
    task<held> lock(std::chrono::duration<Rep, Period> d) const {
        hold_.expect_here(noun);
        return detail::lock_within<held>(hold_, detail::to_nanoseconds(d));
    }
    // Without waiting: nullopt if somebody has the lock.
    std::optional<held> try_lock() const {
        detail::lock_turn turn = detail::try_lock(hold_, noun);
        return turn ? std::optional<held>(held(std::move(turn))) : std::nullopt;
    }
    // A copy of the value as it was between two locks, without taking the lock: nobody waits for it. Nullopt while
    // somebody has the lock, or if the last one died with it.
    std::optional<T> peek() const {
        T copy{};
        return detail::peek(hold_, noun, &copy, sizeof copy) ? std::optional<T>(copy) : std::nullopt;
    }

    friend bool operator==(const shared&, const shared&) noexcept = default;

private:
    friend struct detail::handle_traits<shared>;
    static constexpr const char* noun = "this shared value";
    static constexpr detail::cell_sort sort = sizeof(T) <= 64 ? detail::cell_sort::lock : detail::cell_sort::large_lock;
    detail::cell_hold hold_;
};

template <class T>
struct detail::handle_traits<shared<T>> {
    static handle_ref refer(const shared<T>& held) { return held.hold_.share(); }
    static void adopt(shared<T>& into, handle_ref ref) { into.hold_ = cell_hold::adopt(ref, shared<T>::sort); }
};

}  // namespace troupe
