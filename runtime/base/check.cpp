#include "base/check.hpp"

#include <cstdlib>

#include "base/say.hpp"

namespace troupe::base {

void check_failed(const char* expression, const char* file, int line) noexcept {
    say("internal error: %s is false (%s:%d); please report it", expression, file, line);
    std::abort();
}

}  // namespace troupe::base
