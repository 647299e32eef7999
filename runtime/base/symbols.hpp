// Names for addresses of code, from the files they were loaded from.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <troupe/exit_status.hpp>

namespace troupe::base {

// Of frames that know their module and the offset in its file: function, file and line where the file has them, one
// frame more for each call that was inlined, and the offset as addr2line takes it. A file that cannot be read, or that
// is no longer the one that was loaded, leaves its frames as they are. Answers are remembered; any thread may ask.
std::vector<stack_frame> named(const std::vector<stack_frame>& frames);

// The same for the modules of another process, of which `files` has descriptors by the paths that stand in the frames.
// Other frames are left as they are. Nothing is remembered, and no lock is taken.
std::vector<stack_frame> named(const std::vector<stack_frame>& frames, const std::map<std::string, int>& files);

}  // namespace troupe::base
