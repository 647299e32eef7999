#include <troupe/sync_wait.hpp>

#include <troupe/error.hpp>

#include "loop/event_loop.hpp"

namespace troupe::detail {
namespace {

// The loop asks the branch itself.
class nobody final : public listener {
    void done(branch&) noexcept override {}
};

}  // namespace

void run_to_end(branch& one) {
    loop::event_loop& loop = loop::event_loop::current();
    if (loop.running()) {
        throw misuse("sync_wait inside a coroutine would block everything else of this process; use co_await");
    }
    nobody told;
    one.start(told);
    loop.run_until_ended(one);
}

}  // namespace troupe::detail
