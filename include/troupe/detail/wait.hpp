// A wait: the base of every awaitable that waits for something of this runtime (a message, room, an exit, a time).
//
// It lives in the awaiting coroutine's frame for the length of the await. A derived class says how to take what is
// waited for and where to register; the base brings the turn in the ready queue, cancellation and failure.
//
// Invariants
// 1. Something is taken in `try_finish` alone, and the awaiting coroutine goes on right after it: no other coroutine
// and
//    no poll comes between. So a wait that was cancelled or failed has taken nothing.
// 2. `enlist` is called at most once, when the coroutine really suspends; `abandon` exactly once after it, when the
// wait
//    ends in whatever way (finished, failed, cancelled), before the coroutine goes on. It need not unlink in
//    `try_finish`.
// 3. `wake` may be called at any time while enlisted, too often and too early: it only asks for a turn.
// 4. It may be moved until it is awaited, not after.
//
// In a coroutine of another library it works too, and cannot be cancelled there.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <type_traits>

#include <troupe/detail/promise.hpp>
#include <troupe/detail/ready_queue.hpp>

namespace troupe::detail {

class wait : private work, public cancellable {
public:
    // Tries before it suspends, unless the turn's budget is spent: then it stands at the back of the queue and tries
    // there.
    bool await_ready() {
        if (!ready.spend()) {
            state_ = state::deferred;
            return false;
        }
        return try_finish();
    }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> awaiting) {
        if constexpr (std::is_base_of_v<promise_base, Promise>) {
            suspend(awaiting, &awaiting.promise());
        } else {
            suspend(awaiting, nullptr);
        }
    }

    // A derived class adds `T await_resume()`, which calls `check` first and then gives what was taken.

    // The source noticed something: a turn in which `try_finish` is asked again. Nothing when a turn is due already.
    void wake() noexcept;

    // Ends the wait with an exception, in its turn. The first of `fail` and `cancel` counts.
    void fail(std::exception_ptr failure) noexcept;

    // Ends the wait with `troupe::cancelled`, before anything else runs.
    void cancel() noexcept final;

protected:
    wait() noexcept : work{&turn} {}
    wait(wait&&) noexcept : wait() {}
    wait(const wait&) noexcept : wait() {}
    wait& operator=(const wait&) = delete;
    ~wait() = default;

    // Takes what is waited for, or gives false: not yet. What it throws, the awaiting coroutine gets.
    virtual bool try_finish() = 0;

    // Registers where `wake` will be called. Must not miss what came between the last `try_finish` and now.
    virtual void enlist() = 0;

    // Unregisters.
    virtual void abandon() noexcept = 0;

    // Throws `cancelled` or the failure, if the wait ended so.
    void check() const {
        if (state_ != state::open) throw_outcome();
    }

private:
    enum class state : std::uint8_t { open, deferred, failed, cancelled };

    static void turn(work& self) noexcept;
    void suspend(std::coroutine_handle<> awaiting, promise_base* promise);
    bool finish_in_turn() noexcept;
    void leave() noexcept;
    [[noreturn]] void throw_outcome() const;

    std::coroutine_handle<> awaiting_;
    promise_base* promise_ = nullptr;  // null in a foreign coroutine
    std::exception_ptr failure_;
    state state_ = state::open;
    bool enlisted_ = false;
    bool queued_ = false;
};

}  // namespace troupe::detail
