// Bytes that go through a stream: the coroutines that wait until some can. Each is of one stream, and throws closed if
// that ends before it does.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <troupe/stream.hpp>
#include <troupe/task.hpp>

#include "io/byte_stream.hpp"

namespace troupe::io {

task<std::size_t> read_some(detail::byte_stream::visit at, std::span<char> into);
task<bool> read_exactly(detail::byte_stream::visit at, std::span<char> into);
task<bool> read_line(detail::byte_stream::visit at, std::string* line, std::size_t limit);
task<> write(detail::byte_stream::visit at, std::string_view bytes);

// What a stream or a socket stands for. Throws misuse if it is empty; `what` says what it is.
detail::byte_stream* expect(const detail::byte_stream_hold& stream, const char* what);
// The same, for one of these coroutines.
detail::byte_stream::visit visit(const detail::byte_stream_hold& stream, const char* what);

}  // namespace troupe::io
