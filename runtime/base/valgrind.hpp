// Whether this process runs under valgrind, and under which of its tools.
#pragma once

namespace troupe::base {

bool under_valgrind() noexcept;
bool under_helgrind() noexcept;

}  // namespace troupe::base
