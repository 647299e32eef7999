// A call of the system that failed: as an exception that says what to do about it.
#pragma once

#include <string>
#include <system_error>

namespace troupe::base {

// To stand behind the reason of a failure; empty unless it is that descriptors ran out.
std::string descriptor_advice(int error);

// `what` is what could not be done; `error` an errno.
std::system_error system_failure(int error, const std::string& what);

}  // namespace troupe::base
