#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace troupe::base {

void check_failed(const char* expression, const char* file, int line) noexcept {
    std::fprintf(stderr, "troupe: internal error: %s is false (%s:%d); please report it\n", expression, file, line);
    std::abort();
}

}  // namespace troupe::base
