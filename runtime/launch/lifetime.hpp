// How an actor's function, and the program's, is run and ended.
#pragma once

#include <chrono>
#include <utility>

#include "actor/own_process.hpp"
#include "base/type_name.hpp"

namespace troupe::launch {

// What a process ends with: an exit code, or the signal it has to die of.
struct outcome {
    int code = 0;
    int signal = 0;
};

// Whatever ended, its children end before it does: within that budget, or, if it is 0, as long as it takes. `failed`:
// an exception left the function.
outcome wind_up(actors::own_process& here, std::chrono::nanoseconds end_budget, int code, bool failed) noexcept;

// Runs the function; `tell` is given the exception that left it, unless that was how this process was made to end.
template <class Function, class Tell>
outcome live_out(actors::own_process& here, std::chrono::nanoseconds end_budget, Function function, Tell tell) {
    int code = 1;
    bool failed = true;
    try {
        code = function();
        failed = false;
    } catch (...) {
        if (here.dying_of() == 0 && !here.failure()) tell(base::current_exception_description());
    }
    if (here.failure() && here.dying_of() == 0) {
        failed = true;
        code = 1;
        tell(base::description_of(here.failure()));
    }
    return wind_up(here, end_budget, code, failed);
}

}  // namespace troupe::launch
