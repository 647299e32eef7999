#pragma once

#include <source_location>

#include <troupe/detail/promise.hpp>

namespace troupe::channel {

// Where a coroutine waits: the innermost line of its user's among those of its awaits, and of those that await it. One
// of the runtime's own has none; then that at which it waits itself.
std::source_location user_place(const detail::promise_base& waiter) noexcept;

}  // namespace troupe::channel
