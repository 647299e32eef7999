// Two copies of the library in one process: each has a loop of its own, and the one that troupe::run is not of runs
// nothing.
#pragma once

namespace troupe::base {

inline constexpr const char* if_there_are_copies =
    "if it stands in a plugin, that was linked with a copy of troupe of its own: build troupe as a shared library "
    "(meson setup -Ddefault_library=shared), and link the program and its plugins with that one";

}  // namespace troupe::base
