// The numbers of the descriptors that are handed to what is executed.
#pragma once

namespace troupe::launch {

enum handed : int {
    handed_memory = 3,
    handed_keeper = 4,
    handed_server = 5,
    handed_lifeline = 6,
    handed_bell = 7,
    handed_parent_bell = 8
};
inline constexpr int handed_requests = 7;  // to the forkserver: where requests come from

}  // namespace troupe::launch
