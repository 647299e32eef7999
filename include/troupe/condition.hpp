// A condition: whoever has a lock lets it go, waits until somebody says that something has changed, and goes on with
// the lock.
//
//     auto inside = co_await state.lock();
//     while (inside->waiting == 0) co_await changed.wait(inside);
//
//     auto inside = co_await state.lock();          // elsewhere
//     ++inside->waiting;
//     changed.notify_one(inside);
//
// A condition belongs to the lock that it is first used with, and is used with the lock in hand. Those that wait are
// notified in the order in which they came. One that is notified stands in the lock's line, so it is woken once, and
// many do not run at the same time. A notification is not lost when the one that it was for gives up or dies: the next
// one gets it. After a death, and only then, one may be woken that nobody notified; so look again at what you waited
// for.
#pragma once

#include <chrono>
#include <utility>

#include <troupe/shared.hpp>

namespace troupe {
namespace detail {

class [[nodiscard("a wait does nothing until it is awaited")]] condition_wait final : public lock_wait {
public:
    // The turn is empty while it waits, and after a wait that was cancelled.
    condition_wait(cell_hold condition, lock_turn* turn);
    void await_resume() {
        throw_if_failed();
        *turn_ = take_turn();
    }
    const cell_hold& waits_at() const noexcept override { return condition_; }

private:
    bool try_finish() override;
    void enlist() override;

    cell_hold condition_;
    lock_turn* turn_;
    bool begun_ = false;
};

// A wait for the lock that puts it back into a turn.
class turn_wait final : public lock_wait {
public:
    turn_wait(cell_hold lock, lock_turn* turn) : lock_wait(std::move(lock)), turn_(turn) {}
    void await_resume() {
        throw_if_failed();
        *turn_ = take_turn();
    }

private:
    lock_turn* turn_;
};

task<bool> wait_in_condition(cell_hold condition, lock_turn* turn, std::chrono::nanoseconds d);
cell_hold make_condition();
bool notify_one(const cell_hold& condition, const lock_turn& turn);

}  // namespace detail

class condition {
public:
    // A new one. Throws misuse outside of `run`, and out_of_memory.
    condition() {
        if (!detail::decoding()) hold_ = detail::make_condition();
    }

    // All of these take the `held` of a `shared` or a `mutex`, and throw misuse if it was let go, or if it is that of
    // another lock than the one that this condition belongs to.

    // Awaiting it lets the lock go, waits until it is notified, and has the lock again. `held` must outlive the await.
    // If the wait is cancelled, `held` is empty.
    template <class Held>
    auto wait(Held& held) const {
        return detail::condition_wait(hold_, &detail::turn_access::of(held));
    }
    // Waits until `holds()` is true, which is called with the lock in hand.
    template <class Held, class Predicate>
        requires requires(Predicate holds) { static_cast<bool>(holds()); }
    task<> wait(Held& held, Predicate holds) const {
        return wait_until(*this, &held, std::move(holds));
    }
    // Waits for at most `d`: a task that gives false when the time is up, with the lock in hand.
    template <class Held, class Rep, class Period>
    task<bool> wait(Held& held, std::chrono::duration<Rep, Period> d) const {
        return detail::wait_in_condition(hold_, &detail::turn_access::of(held), detail::to_nanoseconds(d));
    }

    // Nothing where nobody waits.
    template <class Held>
    void notify_one(Held& held) const {
        detail::notify_one(hold_, detail::turn_access::of(held));
    }
    template <class Held>
    void notify_all(Held& held) const {
        while (detail::notify_one(hold_, detail::turn_access::of(held))) {
        }
    }

    friend bool operator==(const condition&, const condition&) noexcept = default;

private:
    friend struct detail::handle_traits<condition>;
    template <class Held, class Predicate>
    static task<> wait_until(condition self, Held* held, Predicate holds) {
        while (!holds()) co_await self.wait(*held);
    }
    detail::cell_hold hold_;
};

template <>
struct detail::handle_traits<condition> {
    static handle_ref refer(const condition& held) { return held.hold_.share(); }
    static void adopt(condition& into, handle_ref ref) { into.hold_ = cell_hold::adopt(ref, cell_sort::condition); }
};

}  // namespace troupe
