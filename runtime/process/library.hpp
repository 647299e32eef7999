// Objects of the libraries that a process has loaded, for another process of the same program: the loader may place a
// library elsewhere there, and a plugin is not there at all until somebody asks for it.
#pragma once

#include <cstdint>
#include <string>

namespace troupe::process {

struct library_place {
    std::string library;       // its file; empty for what stands in the program itself
    std::uint64_t offset = 0;  // from where the library was loaded
};

library_place place_of(const void* object);

// Where it is in this process, which loads the library first unless it has it, and keeps it then. Throws
// spawn_failed when the library cannot be loaded. A file that was replaced since may have anything in that place.
const void* object_at(const library_place& place);

}  // namespace troupe::process
