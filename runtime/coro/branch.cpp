#include <troupe/detail/branch.hpp>

#include <troupe/error.hpp>

#include "base/check.hpp"

namespace troupe::detail {

void branch::arm(listener& told) noexcept {
    TROUPE_CHECK(state_ == state::idle && promise_ != nullptr && !promise_->started());
    state_ = state::running;
    listener_ = &told;
    promise_->branch_ = this;
    promise_->then_ = promise_base::then::branch;
    promise_->run = &promise_base::first_turn;
    if (cancel_requested_) promise_->cancel_pending_ = true;
}

void branch::start(listener& told) noexcept {
    arm(told);
    ready.push_back(*promise_);
}

void branch::start_next(listener& told) noexcept {
    arm(told);
    ready.push_next(*promise_);
}

void branch::cancel() noexcept {
    if (cancel_requested_ || ended()) return;
    cancel_requested_ = true;
    if (running()) promise_->request_cancel();
}

void branch::end() noexcept {
    state_ = state::ended;
    listener_->done(*this);
}

bool says_cancelled(const std::exception_ptr& failure) noexcept {
    if (!failure) return false;
    try {
        std::rethrow_exception(failure);
    } catch (const cancelled&) {
        return true;
    } catch (...) {
        return false;
    }
}

void branch::destroyed_while_running() noexcept {
    base::check_failed("a branch is destroyed only before it runs or after it ended", __FILE__, __LINE__);
}

}  // namespace troupe::detail
