#include "loop/uv_watch.hpp"

#include <memory>

#include "base/system_failure.hpp"

namespace troupe::loop {
namespace {

void forget(uv_handle_t* watch) { delete reinterpret_cast<uv_poll_t*>(watch); }

}  // namespace

uv_poll_t* open_watch(uv_loop_t* loop, int fd, int events, uv_poll_cb seen, void* owner) {
    auto watch = std::make_unique<uv_poll_t>();
    if (const int failed = uv_poll_init(loop, watch.get(), fd); failed < 0) {
        throw base::system_failure(-failed, "a descriptor cannot be watched");
    }
    uv_poll_t* const open = watch.release();
    open->data = owner;
    if (const int failed = uv_poll_start(open, events, seen); failed < 0) {
        close_watch(open);
        throw base::system_failure(-failed, "a descriptor cannot be watched");
    }
    return open;
}

void close_watch(uv_poll_t* watch) noexcept { uv_close(reinterpret_cast<uv_handle_t*>(watch), forget); }

}  // namespace troupe::loop
