// Whose code a frame of a stack is in. Reports of crashes and the inspector leave out the same frames.
#pragma once

#include <string_view>

#include <troupe/exit_status.hpp>

namespace troupe::base {

// Whether it is what a crash goes through and is rarely the fault of: abort, memcpy, the throwing of an exception, the
// machinery of coroutines.
bool of_the_system(const stack_frame& frame);

// By its name, or where that is not known in full, by the header it stands in.
bool of_troupe(const stack_frame& frame);

// The qualified name of a function, without what it returns, which the names of templates begin with, and without its
// parameters.
std::string_view qualified_name(std::string_view function);

}  // namespace troupe::base
