// Parts of a program's shared memory that are read from its file: to read through a mapping what has no memory behind
// it would make pages, in the program's memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace troupe::inspect {

// False where that part of the file cannot be read in full.
bool read_at(int memory, std::uint64_t offset, std::span<std::byte> into);

}  // namespace troupe::inspect
