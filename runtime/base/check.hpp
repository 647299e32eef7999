// A check for our own bugs. What another process wrote, or what a user passed, is input: it is validated and answered
// with an error, never checked with this.
#pragma once

namespace troupe::base {

[[noreturn]] void check_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace troupe::base

#define TROUPE_CHECK(expression) \
    ((expression) ? static_cast<void>(0) : ::troupe::base::check_failed(#expression, __FILE__, __LINE__))
