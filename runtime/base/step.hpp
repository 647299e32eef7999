// Named steps: the places between two stores that another process can see. A test build (-DTROUPE_STEPS) calls a hook
// at each, so that a test can kill the process exactly there; in every other build a step is nothing.
#pragma once

#ifdef TROUPE_STEPS

namespace troupe::base {
// Called at each step when set. Process-wide; set before the first actor work and never while a step may run.
inline void (*step_hook)(const char* name) = nullptr;
}  // namespace troupe::base

    #define TROUPE_STEP(name) \
        (::troupe::base::step_hook != nullptr ? ::troupe::base::step_hook(name) : static_cast<void>(0))
#else
    #define TROUPE_STEP(name) static_cast<void>(0)
#endif
