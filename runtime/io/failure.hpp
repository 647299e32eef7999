// What the system refused, as an exception that says what to do about it.
#pragma once

#include <string>

#include <troupe/error.hpp>

namespace troupe::io {

// What can be done about it, to stand behind the reason; empty where the reason says it all.
std::string advice_for(int error);

// `what` is what could not be done; `error` an errno.
io_failed failure(const std::string& what, int error);
// The same with other advice.
io_failed failure(const std::string& what, int error, const std::string& advice);

}  // namespace troupe::io
