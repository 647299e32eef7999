// What an actor's function is called where somebody reads it.
#pragma once

#include <string>
#include <string_view>

namespace troupe::base {

// From the name a compiler gives to a template over the function, "some_template<&space::worker>": "worker", without
// the namespaces. Of a lambda it is "a lambda at pool.cpp:12" from clang and "a lambda in program" from GCC.
std::string function_name(std::string_view of_template);

}  // namespace troupe::base
