#include <troupe/detail/wait.hpp>

#include <troupe/error.hpp>
#include <utility>

namespace troupe::detail {

void wait::suspend(std::coroutine_handle<> awaiting, promise_base* promise) {
    if (promise != nullptr) {
        promise_base::expect_attendance();
    } else {
        static_cast<void>(ready.attended());  // for the sake of the call
    }
    awaiting_ = awaiting;
    promise_ = promise;
    since_ = static_cast<std::uint32_t>(ready.turn());
    if (state_ == state::deferred) {
        state_ = state::open;
        queued_ = true;
        ready.push_back(*this);
    } else {
        enlist();  // if it throws, the coroutine is not suspended and gets the exception
        enlisted_ = true;
    }
    if (promise_ != nullptr) promise_->wait_on(this);
}

void wait::wake() noexcept {
    if (queued_) return;  // as it is once the wait was failed or cancelled
    queued_ = true;
    ready.push_back(*this);
}

void wait::fail_with(std::exception_ptr failure) noexcept {
    if (state_ != state::open) return;
    state_ = state::failed;
    failure_ = std::move(failure);
    leave();
    if (queued_) return;
    queued_ = true;
    ready.push_back(*this);
}

void wait::cancel() noexcept {
    if (state_ != state::open) return;
    state_ = state::cancelled;
    leave();
    // Next, even if it stood at the back: a branch that lost must end in the step in which another won.
    if (queued_) ready_queue::unlink(*this);
    queued_ = true;
    ready.push_next(*this);
}

void wait::leave() noexcept {
    if (std::exchange(enlisted_, false)) abandon();
}

// Whether the wait is over.
bool wait::finish_in_turn() noexcept {
    if (state_ != state::open) return true;
    try {
        if (try_finish()) return true;
        if (!enlisted_) {
            enlist();
            enlisted_ = true;
        }
        return false;
    } catch (...) {
        state_ = state::failed;
        failure_ = std::current_exception();
        return true;
    }
}

void wait::turn(work& self) noexcept {
    auto& w = static_cast<wait&>(self);
    w.queued_ = false;
    if (!w.finish_in_turn()) return;
    w.leave();
    if (w.promise_ != nullptr) w.promise_->wait_on(nullptr);
    w.awaiting_.resume();
}

void wait::refuse_again() {
    throw misuse(
        "this wait is awaited already, or it was cancelled or has failed: make a new one for each await, by the call "
        "that gave this one");
}

void wait::throw_outcome() const {
    if (state_ == state::failed) std::rethrow_exception(failure_);
    throw cancelled();
}

}  // namespace troupe::detail
