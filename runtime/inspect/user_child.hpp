// Looking into files that a program's user wrote, without the rights of root.
//
// Names of code are looked up by libdw in files that belong to whoever runs the program, and such files may have been
// made to harm whoever reads them. So where this process has more rights than that user, a child does it that has
// taken the user for good, and is killed when it has answered or takes too long; what it answers is input again.
#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

#include <troupe/exit_status.hpp>

namespace troupe::inspect {

// What `look_up` gives: called in this process, or in a child if this process is root's and process `pid` is not. Of a
// child that fails there are no frames.
std::vector<stack_frame> as_user_of(pid_t pid, const std::function<std::vector<stack_frame>()>& look_up);

}  // namespace troupe::inspect
