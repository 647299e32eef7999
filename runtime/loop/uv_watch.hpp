// A uv_poll_t on the heap: libuv lets go of a handle only in a later turn than the one that closed it. For the files of
// this folder that include <uv.h> anyway.
#pragma once

#include <uv.h>

namespace troupe::loop {

// Throws std::system_error. `events` as UV_READABLE | UV_WRITABLE.
uv_poll_t* open_watch(uv_loop_t* loop, int fd, int events, uv_poll_cb seen, void* owner);

// No call to `seen` after it.
void close_watch(uv_poll_t* watch) noexcept;

}  // namespace troupe::loop
