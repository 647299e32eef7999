// Why a process could not be made, for texts.
#pragma once

#include <string>

namespace troupe::launch {

// ": Cannot allocate memory; there is no memory for another process": what the system says, and what to do about it.
std::string reason(int error);

}  // namespace troupe::launch
