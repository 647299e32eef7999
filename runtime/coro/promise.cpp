#include <troupe/detail/promise.hpp>

#include <troupe/detail/branch.hpp>
#include <troupe/error.hpp>
#include <troupe/task.hpp>

#include <cstddef>
#include <exception>
#include <string>

#include "base/copies.hpp"
#include "base/say.hpp"

namespace troupe::detail {

// These classes are no standard layout, and both compilers know the offsets all the same.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
void promise_layout::hold_true() {
    static_assert(offsetof(promise_base, self_) == frame && sizeof(promise_base::self_) == sizeof(void*));
    static_assert(offsetof(promise_base, caller_) == caller && offsetof(promise_base, branch_) == caller);
    static_assert(offsetof(promise_base, where_) == where && sizeof(promise_base::where_) == sizeof(source_place*));
    static_assert(offsetof(promise_base, then_) == then && sizeof(promise_base::then_) == 1);
    static_assert(offsetof(branch, awaiter_) == branch_awaiter);
    using kind = promise_base::then;
    static_assert(static_cast<std::uint8_t>(kind::caller) == first_then_caller &&
                  static_cast<std::uint8_t>(kind::caller_goes_on) == last_then_caller &&
                  static_cast<std::uint8_t>(kind::branch) == then_branch);
}
#pragma GCC diagnostic pop

const promise_base* promise_base::awaiter() const noexcept {
    return then_ == then::branch ? branch_->awaiter_ : caller();
}

void promise_base::request_cancel() noexcept {
    promise_base* last = this;
    while (last->callee_ != nullptr) last = last->callee_;  // a loop, not a recursion: chains can be long
    if (last->waiting_on_ != nullptr) {
        last->waiting_on_->cancel();
    } else {
        last->cancel_pending_ = true;
    }
}

void promise_base::deliver_cancel() {
    cancel_pending_ = false;
    throw cancelled();
}

void promise_base::first_turn(work& self) noexcept {
    auto& p = static_cast<promise_base&>(self);
    p.run = &resume_turn;
    if (!p.cancel_pending_) {
        p.self_.resume();
        return;
    }
    p.cancel_pending_ = false;
    p.failure_ = std::make_exception_ptr(cancelled());
    p.end();
}

void promise_base::foreign_turn(work& self) noexcept {
    std::coroutine_handle<>::from_address(static_cast<promise_base&>(self).foreign_).resume();
}

void promise_base::refuse_wait() {
    throw misuse(std::string("a coroutine waits that neither troupe::run nor sync_wait runs; ") +
                 base::if_there_are_copies);
}

// Whoever awaits the task stands in the first copy of the library, and would be resumed by the second.
void promise_base::strand() noexcept {
    base::say("a task ends that neither troupe::run nor sync_wait runs; %s", base::if_there_are_copies);
    std::terminate();
}

void promise_base::end_elsewhere() noexcept {
    if (!ready.attended()) strand();
    if (then_ == then::branch) {
        branch_->end();
    } else {
        // Its own entry is free now, and serves the foreign coroutine, which has none.
        run = &foreign_turn;
        resume_next();
    }
}

void refuse_await() {
    throw misuse(
        "a task can be awaited once, and this one was moved from or was awaited before; call its function "
        "again to get a new task");
}

}  // namespace troupe::detail
