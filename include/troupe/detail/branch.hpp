// A branch: a task that is started by something else than an await, and whose end is told by a direct call.
//
// The call comes from the task's final suspension, in the same step as its last statement: whoever decides between
// branches (the first to end, a deadline) decides before anything else can be taken.
//
// A branch passes on one request to cancel, so that clean-up which awaits is not cancelled a second time. A branch that
// is cancelled before its first turn ends as cancelled without entering the task. A branch is destroyed before it is
// started or after it ended; in between is a bug that aborts.
#pragma once

#include <cstdint>
#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

#include <troupe/detail/promise.hpp>
#include <troupe/task.hpp>

namespace troupe::detail {

// Whoever wants to know of a branch's end.
class listener {
public:
    // Called once. The branch, its task and its value are still there; they must stay until this call has returned.
    virtual void done(branch& ended) noexcept = 0;

protected:
    listener() = default;
    listener(const listener&) = default;
    listener& operator=(const listener&) = default;
    ~listener() = default;
};

class branch {
public:
    branch(const branch&) = delete;
    branch& operator=(const branch&) = delete;

    void start(listener& told) noexcept;       // at the back of the ready queue
    void start_next(listener& told) noexcept;  // before everything else
    void cancel() noexcept;

    bool running() const noexcept { return state_ == state::running; }
    bool ended() const noexcept { return state_ == state::ended; }
    bool cancel_requested() const noexcept { return cancel_requested_; }

    // After the end.
    bool failed() const noexcept { return promise_->failed(); }
    const std::exception_ptr& failure() const noexcept { return promise_->failure(); }
    bool failed_as_cancelled() const noexcept;
    // It was asked to stop, and ended by itself before any of its awaits could say so.
    bool cancel_undelivered() const noexcept { return promise_->cancel_pending(); }

    branch* sibling = nullptr;  // for whoever keeps several

protected:
    branch() noexcept = default;
    explicit branch(promise_base* promise) noexcept : promise_(promise) {}
    ~branch() {
        if (state_ == state::running) destroyed_while_running();
    }
    void set_promise(promise_base* promise) noexcept { promise_ = promise; }

private:
    friend class promise_base;
    enum class state : std::uint8_t { idle, running, ended };

    void arm(listener& told) noexcept;
    void end() noexcept;  // called by the task
    [[noreturn]] static void destroyed_while_running() noexcept;

    promise_base* promise_ = nullptr;
    listener* listener_ = nullptr;
    state state_ = state::idle;
    bool cancel_requested_ = false;
};

// What a branch gives: void as monostate.
template <class T>
using value_or_monostate = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
class branch_of : public branch {
public:
    branch_of() noexcept = default;
    explicit branch_of(task<T> started) noexcept : branch(started.promise()), task_(std::move(started)) {}

    void assign(task<T> started) noexcept {
        set_promise(started.promise());
        task_ = std::move(started);
    }

    // What the task gave, or throws what it threw. Once, after the end.
    value_or_monostate<T> result() {
        if constexpr (std::is_void_v<T>) {
            task_.promise()->take();
            return {};
        } else {
            return task_.promise()->take();
        }
    }

private:
    task<T> task_;
};

}  // namespace troupe::detail
