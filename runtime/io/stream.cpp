#include <troupe/stream.hpp>

#include <utility>

#include "io/byte_stream.hpp"
#include "io/transfer.hpp"

namespace troupe {
namespace {

constexpr char this_stream[] = "this stream";

using detail::byte_stream;

}  // namespace

void detail::end_byte_stream::operator()(byte_stream* stream) const noexcept { delete stream; }

input_stream::input_stream(descriptor from) : stream_(new byte_stream(std::move(from), byte_stream::direction::in)) {}

task<std::size_t> input_stream::read_some(std::span<char> into) {
    return io::read_some(io::visit(stream_, this_stream), into);
}

task<bool> input_stream::read_exactly(std::span<char> into) {
    return io::read_exactly(io::visit(stream_, this_stream), into);
}

task<bool> input_stream::read_line(std::string& line, std::size_t limit) {
    return io::read_line(io::visit(stream_, this_stream), &line, limit);
}

void input_stream::close() noexcept { stream_.reset(); }

descriptor input_stream::release() && {
    descriptor given = io::expect(stream_, this_stream)->give_away();
    stream_.reset();
    return given;
}

output_stream::output_stream(descriptor to) : stream_(new byte_stream(std::move(to), byte_stream::direction::out)) {}

task<> output_stream::write(std::string_view bytes) { return io::write(io::visit(stream_, this_stream), bytes); }

void output_stream::close() noexcept { stream_.reset(); }

descriptor output_stream::release() && {
    descriptor given = io::expect(stream_, this_stream)->give_away();
    stream_.reset();
    return given;
}

}  // namespace troupe
