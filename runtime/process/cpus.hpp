// How many CPUs this process may use.
#pragma once

namespace troupe::process {

// The CPUs its affinity allows, and no more than the quota of its cgroups (version 1 or 2) rounded up. At least 1.
unsigned usable_cpus();

}  // namespace troupe::process
