// What a host and a port stand for. A number is read at once; a name is looked up by the C library, which blocks: in a
// thread of its own for each look-up (base/errand.hpp).
#pragma once

#include <vector>

#include <troupe/task.hpp>

#include "io/address.hpp"
#include "io/endpoint.hpp"

namespace troupe::io {

// In the order in which they are to be tried; at least one. The task throws io_failed if there is none. One that is
// cancelled leaves the thread to itself.
task<std::vector<endpoint>> look_up(address wanted);

}  // namespace troupe::io
