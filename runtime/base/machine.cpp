#include "base/machine.hpp"

#include <unistd.h>

namespace troupe::base {

std::size_t system_page_bytes() noexcept {
    static const long told = sysconf(_SC_PAGESIZE);
    return told > 0 ? static_cast<std::size_t>(told) : page_bytes;
}

}  // namespace troupe::base
