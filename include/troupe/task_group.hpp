// A task group: tasks side by side inside an actor, which all end before the group's scope does.
//
//     co_await troupe::task_group::run([&](troupe::task_group& group) -> troupe::task<> {
//         while (auto job = co_await jobs.get()) group.start(work_on(*job));
//     });   // goes on when the last job is done
//
// There is no other way to make one: the group lives inside `run`, which returns only after the body and every task
// that was started have ended, so a group with running tasks is never destroyed. The body is kept as long as the group
// lives: it may be a lambda with captures, and what it captures from the awaiting coroutine stays good. The body's own
// variables go when the body ends, before the tasks do: a body whose tasks refer to them ends with `join`.
//
// The first failure, of the body or of a task, cancels the rest and is rethrown by `run` once they have ended; later
// failures are dropped. Cancelling whoever awaits `run` cancels them all.
#pragma once

#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

#include <troupe/detail/awaitable.hpp>
#include <troupe/detail/branch.hpp>
#include <troupe/detail/promise.hpp>
#include <troupe/detail/wait.hpp>
#include <troupe/task.hpp>

namespace troupe {

class task_group final : private detail::listener, private detail::cancellable {
public:
    // Gives what the body gives.
    template <class Body>
    static auto run(Body body) -> std::invoke_result_t<Body&, task_group&> {
        return run_body(std::move(body), static_cast<std::invoke_result_t<Body&, task_group&>*>(nullptr));
    }

    class joining;

    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

    // Starts x, anything that can be awaited, in a later turn; the caller goes on at once. What x gives is dropped. In
    // a group that was cancelled x is dropped without being entered.
    template <class X>
    void start(X&& x) {
        adopt(as_void(detail::as_task(std::forward<X>(x))));
    }

    // Asks every task that runs now to stop; the body goes on. That such a task then ends as cancelled is no failure.
    void cancel_tasks() noexcept;

    // For the body alone: waits until every task that was started has ended. If one fails, the body is cancelled here,
    // as everywhere. (A task that joins its own group would wait for itself; two joins at a time are misuse.)
    joining join() noexcept;

    // Tasks that have been started and have not ended; the body is not counted.
    std::size_t size() const noexcept { return running_ - (body_ != nullptr && body_->running() ? 1 : 0); }

private:
    class member;
    struct ending;

    task_group() noexcept = default;
    ~task_group();

    template <class T, class Body>
    static task<T> enter(Body& body, task_group& group) {
        co_return co_await body(group);
    }

    template <class Body, class T>
    static task<T> run_body(Body body, task<T>*) {
        task_group group;
        detail::branch_of<T> main(enter<T>(body, group));  // a body that is no coroutine starts no sooner either
        co_await group.ends(main);
        group.rethrow_failure();
        if constexpr (std::is_void_v<T>) {
            main.result();
        } else {
            co_return main.result();
        }
    }

    static task<> as_void(task<>&& x) noexcept { return std::move(x); }
    template <class T>
    static task<> as_void(task<T> x) {
        static_cast<void>(co_await std::move(x));
    }

    void adopt(task<> x);
    void retire(member& ended) noexcept;
    ending ends(detail::branch& body) noexcept;
    void done(detail::branch& ended) noexcept override;
    void cancel() noexcept override;  // by whoever awaits
    void stop() noexcept;
    void rethrow_failure() const;

    detail::promise_base* awaiting_ = nullptr;
    detail::branch* body_ = nullptr;
    joining* joining_ = nullptr;
    member* members_ = nullptr;
    member* last_ended_ = nullptr;  // its frame must outlive the call that told us
    std::exception_ptr failure_;
    std::size_t running_ = 0;
    bool stopping_ = false;   // after a failure or a cancellation: what is started now is dropped
    bool cancelled_ = false;  // by whoever awaits
};

struct task_group::ending {
    task_group& group;

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> awaiting) const noexcept {
        group.awaiting_ = &awaiting.promise();
        group.awaiting_->wait_on(&group);
        ++group.running_;
        group.body_->start_next(group);
    }
    void await_resume() const noexcept {}
};

class [[nodiscard("join does nothing until it is awaited")]] task_group::joining final : public detail::wait {
public:
    explicit joining(task_group& group) noexcept : group_(group) {}
    void await_resume() const { check(); }

private:
    bool try_finish() override { return group_.members_ == nullptr; }
    void enlist() override;
    void abandon() noexcept override { group_.joining_ = nullptr; }

    task_group& group_;
};

inline task_group::joining task_group::join() noexcept { return joining(*this); }

inline task_group::ending task_group::ends(detail::branch& body) noexcept {
    body_ = &body;
    return {*this};
}

}  // namespace troupe
