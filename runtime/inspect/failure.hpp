// Why a program could not be looked into, in a sentence for whoever asked.
#pragma once

#include <stdexcept>

namespace troupe::inspect {

class failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace troupe::inspect
