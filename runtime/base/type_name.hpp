// The name of a type as written in C++, for exceptions that cross a process.
#pragma once

#include <exception>
#include <string>
#include <typeinfo>

namespace troupe::base {

std::string type_name(const std::type_info& type);

// The type and the text of the exception that is being handled; call it inside a catch block only.
struct caught {
    std::string type;
    std::string text;  // what(), or empty for a type that does not derive from std::exception
};
caught current_exception_description();
caught description_of(const std::exception_ptr& failure);

}  // namespace troupe::base
