// What the coroutines of a process wait for, as the sources of its loop say it before a sleep: in the order of the
// sources, but those first that say which coroutine it is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <troupe/detail/promise.hpp>
#include <troupe/detail/wait.hpp>

#include "base/waited_for.hpp"

namespace troupe::loop {

class wait_notes {
public:
    static constexpr std::size_t most = 12;

    // Returns false if there is room for no other one, so that the rest need not be told.
    bool add(const detail::wait& waiting, base::waited_for what) noexcept {
        return add(waiting.waiter(), waiting.since(), what);
    }
    // The same for what is no wait: the promise of the coroutine, if there is one, and the low bits of when it began.
    bool add(const detail::promise_base* waiter, std::uint32_t since, base::waited_for what) noexcept;

    std::span<const base::waited_for> all() const noexcept { return {entries_.data(), count_}; }
    // Whether there were more than have room.
    bool more() const noexcept { return more_; }
    // Of the first one; null if nothing is waited for, or by none of ours.
    const detail::promise_base* first_waiter() const noexcept { return first_waiter_; }

private:
    std::array<base::waited_for, most> entries_;
    std::size_t count_ = 0;
    std::size_t told_by_whom_ = 0;  // how many of them say which coroutine waits
    const detail::promise_base* first_waiter_ = nullptr;
    bool more_ = false;
};

}  // namespace troupe::loop
