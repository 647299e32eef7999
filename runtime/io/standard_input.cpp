#include <troupe/stream.hpp>

#include <unistd.h>

#include "io/byte_stream.hpp"

namespace troupe {

// Never destroyed: a coroutine may read from it until the process ends. A copy of a process (start method fork) makes
// its own, since what was read ahead is the other's.
input_stream& standard_input() {
    static input_stream* stream = nullptr;
    static pid_t owner = 0;
    if (stream == nullptr || owner != ::getpid()) {
        auto made = std::make_unique<input_stream>();
        made->stream_.reset(new detail::byte_stream(detail::byte_stream::borrowed{}, STDIN_FILENO));
        stream = made.release();
        owner = ::getpid();
    }
    return *stream;
}

}  // namespace troupe
