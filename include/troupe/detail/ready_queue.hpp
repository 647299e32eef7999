// The ready queue: what runs next in this process. One thread runs user code, so there is one queue and no lock.
//
// Two lanes:
//   next   last in, first out, and before everything else: the continuation of a coroutine that just ended, a child
//   that
//          is awaited, a wait that was cancelled. A chain of completions is therefore one step: nothing of the other
//          lane and no poll comes between a message that was taken and the coroutine that asked for it.
//   back   first in, first out: everything else.
// Coroutines are resumed by `run_some`, so the stack stays flat however many awaits complete at once, on every compiler
// and under the sanitizers. One exception, for speed: a child that is awaited starts inside its awaiter's await, and if
// it ends there the awaiter just goes on; `nest` bounds how deep that goes, and deeper children pass through the next
// lane.
//
// A turn has a budget. It is spent by what is taken from the back lane, by awaits that complete without suspending and
// by children that are started, so a coroutine whose awaits never have to wait still lets timers and others run.
#pragma once

#include <cstddef>

namespace troupe::detail {

// An entry; lives in whatever is to run. It must stay in place while it is queued, and is queued at most once.
struct work {
    void (*run)(work&) noexcept = nullptr;
    work* next = nullptr;
    work* prev = nullptr;
};

class ready_queue {
public:
    constexpr ready_queue() noexcept { back_.next = back_.prev = &back_; }
    ready_queue(const ready_queue&) = delete;
    ready_queue& operator=(const ready_queue&) = delete;

    void push_back(work& entry) noexcept {
        entry.next = &back_;
        entry.prev = back_.prev;
        back_.prev->next = &entry;
        back_.prev = &entry;
    }

    void push_next(work& entry) noexcept {
        entry.next = next_;
        next_ = &entry;
    }

    // Only for an entry that stands in the back lane.
    static void unlink(work& entry) noexcept {
        entry.prev->next = entry.next;
        entry.next->prev = entry.prev;
    }

    bool empty() const noexcept { return next_ == nullptr && back_.next == &back_; }

    // One step of the budget; false when the turn is over and the asker should stand at the back.
    bool spend() noexcept {
        if (budget_ == 0) return false;
        --budget_;
        return true;
    }

    // Whether a child may start inside its awaiter; then `unnest` follows.
    bool nest() noexcept {
        if (nested_ == deepest) return false;
        ++nested_;
        return true;
    }
    void unnest() noexcept { --nested_; }

    // Runs entries until the budget is spent or nothing is left; a chain in the next lane is always run to its end.
    // Returns how many ran.
    std::size_t run_some(std::size_t budget) noexcept;

    // For a fork child: forgets the parent's entries without touching them.
    void abandon() noexcept;

private:
    static constexpr unsigned deepest = 24;

    work* next_ = nullptr;
    work back_;  // the ring's fixed point
    std::size_t budget_ = 0;
    unsigned nested_ = 0;
};

// This process's queue.
extern ready_queue ready;

}  // namespace troupe::detail
