// Waits for a set of branches to end: the core of when_all, when_any, with_timeout and task groups.
//
// Invariants
// 1. The awaiting coroutine goes on only when every branch that was started has ended.
// 2. The rule decides what is enough: with `all`, the first failure; with `first`, the first end. What is enough
// becomes
//    `decisive()`, and the other branches are cancelled there and then, in the step in which it ended.
// 3. Branches start, and are cancelled, in the order they were added.
// 4. A cancellation of the awaiting coroutine goes to every branch. If a branch ends by itself before it could be told,
//    the request stays pending for the awaiting coroutine.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include <troupe/detail/branch.hpp>
#include <troupe/detail/promise.hpp>

namespace troupe::detail {

class gathering : public listener, public cancellable {
public:
    enum class rule : std::uint8_t { all, first };

    explicit gathering(rule r) noexcept : rule_(r) {}
    gathering(const gathering&) = delete;
    gathering& operator=(const gathering&) = delete;

    // Before it is awaited. The branch outlives the await.
    void add(branch& one) noexcept;

    // An object of its own, because some compilers copy an awaiter that is an lvalue.
    struct ending {
        gathering& all;
        bool await_ready() const noexcept { return all.newest_ == nullptr; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> awaiting) const noexcept {
            all.begin(awaiting.promise());
        }
        void await_resume() const noexcept {}
    };
    // Starts the branches, when awaited, and waits until all have ended. Once.
    ending ends() noexcept { return {*this}; }

    // The first failure, or the first to end; null when there was none.
    branch* decisive() const noexcept { return decisive_; }
    void rethrow_failure() const;
    bool was_cancelled() const noexcept { return cancelled_; }

    void done(branch& ended) noexcept override;
    void cancel() noexcept override;

protected:
    ~gathering() = default;
    virtual void begin(promise_base& awaiting) noexcept;
    void cancel_branches() noexcept;

private:
    promise_base* awaiting_ = nullptr;
    branch* newest_ = nullptr;  // the branches, the last added first
    branch* decisive_ = nullptr;
    std::size_t running_ = 0;
    rule rule_;
    bool cancelled_ = false;
};

}  // namespace troupe::detail
