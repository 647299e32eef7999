#include "base/system_failure.hpp"

#include <cerrno>

namespace troupe::base {

std::string descriptor_advice(int error) {
    // ETOOMANYREFS: more descriptors are on their way through sockets than the same limit allows.
    const bool too_few = error == EMFILE || error == ENFILE || error == ETOOMANYREFS;
    return too_few ? "; raise the limit of open files (ulimit -n)" : "";
}

std::system_error system_failure(int error, const std::string& what) {
    return {error, std::generic_category(), what + descriptor_advice(error)};
}

}  // namespace troupe::base
