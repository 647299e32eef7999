// The calls that a thread was in, from its registers and a copy of its stack.
#pragma once

#include <cstdint>
#include <vector>

#include "inspect/code_files.hpp"
#include "inspect/held_process.hpp"

namespace troupe::inspect {

// The addresses of code, innermost first; of a call, one within it. With libdw all that the copy of the stack and the
// files tell of, without it the innermost alone.
std::vector<std::uint64_t> walk(const standing& here, const code_files& files);

}  // namespace troupe::inspect
