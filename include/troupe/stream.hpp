// Streams of bytes: a pipe, a file, a terminal, or what a socket is made of.
//
// A stream waits in its process's loop and blocks nobody. It leaves the flags of the open file alone, because others
// may share them. What cannot be done throws io_failed with the system's reason. One coroutine at a time may read from
// a stream, and one may write to it; a second one gets misuse. A stream that somebody reads from or writes to stays
// where it is: it is not moved from. If it is closed meanwhile, the wait ends with `closed`.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <troupe/descriptor.hpp>
#include <troupe/task.hpp>

namespace troupe {

namespace detail {

class byte_stream;
struct end_byte_stream {
    void operator()(byte_stream* stream) const noexcept;
};
using byte_stream_hold = std::unique_ptr<byte_stream, end_byte_stream>;

}  // namespace detail

// The longest line that is read unless a limit is given: 1 MiB.
inline constexpr std::size_t longest_line = std::size_t{1} << 20;

// Reads. A read that is cancelled or times out has taken nothing: what had come by then is there for the next read.
class input_stream {
public:
    // An empty stream: every call throws misuse.
    input_stream() noexcept = default;
    // Throws misuse if the descriptor is empty or cannot be read from.
    explicit input_stream(descriptor from);

    // Waits until something is there and takes as much of it as `into` holds. Awaiting it gives the number of bytes; 0
    // at the end of the stream, and if `into` is empty. `into` stays until the await has ended.
    task<std::size_t> read_some(std::span<char> into);
    // Fills `into`. Awaiting it gives false, and `into` is as it was, if the stream has ended. If it ends in the
    // middle, the await throws `closed`, and what is left can still be read.
    task<bool> read_exactly(std::span<char> into);
    // Reads up to the next newline, and puts what stands before that into `line`. Awaiting it gives false at the end of
    // the stream. What stands behind the last newline is a line as well. If there is no newline among the next `limit`
    // bytes, the await throws too_large; all of them can still be read.
    task<bool> read_line(std::string& line, std::size_t limit = longest_line);

    void close() noexcept;
    // Gives the open file away. Throws misuse if something was read ahead that nobody has taken: read that first.
    descriptor release() &&;
    explicit operator bool() const noexcept { return stream_ != nullptr; }

private:
    friend input_stream& standard_input();

    detail::byte_stream_hold stream_;
};

// Writes. A peer that has gone is an io_failed of `write`, and never a SIGPIPE.
class output_stream {
public:
    output_stream() noexcept = default;  // empty, as above
    // Throws misuse if the descriptor is empty or cannot be written to.
    explicit output_stream(descriptor to);

    // Writes all of it, and waits while the peer is slow. `bytes` stay until the await has ended. A write that fails,
    // is cancelled or times out may have written some of them, from the beginning.
    task<> write(std::string_view bytes);

    void close() noexcept;
    descriptor release() &&;
    explicit operator bool() const noexcept { return stream_ != nullptr; }

private:
    detail::byte_stream_hold stream_;
};

// The program's standard input. Ctrl-C cancels its reads, as it cancels every wait of the program. Of a terminal
// nothing is changed, because the shell shares its flags. In any other actor the standard input is /dev/null, and ends
// at once.
input_stream& standard_input();

}  // namespace troupe
