// A function and its arguments, kept to be called in other processes any number of times.
#pragma once

#include <troupe/detail/birth.hpp>

namespace troupe::detail {

class repeatable {
public:
    virtual ~repeatable() = default;
    virtual start_request request() const = 0;
};

}  // namespace troupe::detail
