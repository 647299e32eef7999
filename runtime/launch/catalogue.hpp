#pragma once

#include "shm/program_memory.hpp"

namespace troupe::launch {

// Writes down the names of all message types and actor functions of this executable, for those who look into the
// program from outside. Where no memory can be had for that, they see numbers.
void write_catalogue(shm::program_memory& memory);

}  // namespace troupe::launch
