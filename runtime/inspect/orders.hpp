// Orders for the keeper of a running program, given through the pipe that the program names in its identity. Nothing is
// stored into the memory of the program: the keeper acts, and says there what came of it.
#pragma once

#include <chrono>
#include <cstdint>

#include "inspect/programs.hpp"
#include "shm/order.hpp"
#include "shm/program_view.hpp"

namespace troupe::inspect {

class observer;

using order_kind = shm::order_kind;
using order_result = shm::order_result;

struct order {
    order_kind kind = order_kind::stop;
    std::uint64_t actor = 0;
    std::uint32_t budget_ms = 0;  // of restart; 0: none
    std::uint32_t what = 0;       // of observe: shm::observed
};

struct order_reply {
    order_result result = order_result::done;
    std::int32_t pid = 0;  // of the process that it was about, as the program sees it; 0: there was none
    int error = 0;         // of `refused`: an errno
};

// Waits for the answer so long at most, a minute in any case, and throws a failure when there is none. The order is not
// good any longer then: a keeper that has not carried it out by that time never does.
order_reply send_order(const observer& of, const order& wanted, std::chrono::milliseconds budget);
order_reply send_order(const shm::program_view& program, const program_found& where, const order& wanted,
                       std::chrono::milliseconds budget);

}  // namespace troupe::inspect
