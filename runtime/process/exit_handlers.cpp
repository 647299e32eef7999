#include "process/exit_handlers.hpp"

#include <unistd.h>

#include <cstdlib>

#include "process/standard_streams.hpp"

#if defined(__has_feature)
    #if __has_feature(address_sanitizer)
        #include <sanitizer/lsan_interface.h>
        #define TROUPE_LEAK_CHECKER
    #endif
#endif

namespace troupe::process {
namespace {

// Handlers run the last first.
void end_here(int status, void*) {
    flush_every_stream();
    _exit(status & 0xff);
}
#ifdef TROUPE_LEAK_CHECKER
void look_for_leaks_and_end(int status, void*) {
    __lsan_do_leak_check();
    end_here(status, nullptr);
}
#endif

bool waits_for_no_reader = false;

// Made before the static objects of the program, and destroyed after them: these may wait for their threads.
struct last_to_go {
    ~last_to_go() {
        if (waits_for_no_reader) pass_by_readers();
    }
};
__attribute__((init_priority(101))) last_to_go last;

}  // namespace

void wait_for_no_reader() noexcept { waits_for_no_reader = true; }

void leave_inherited_exit_handlers([[maybe_unused]] leaks leaks) noexcept {
#ifdef TROUPE_LEAK_CHECKER
    if (leaks == leaks::looked_for) {
        on_exit(&look_for_leaks_and_end, nullptr);
        return;
    }
#endif
    on_exit(&end_here, nullptr);
}

}  // namespace troupe::process
