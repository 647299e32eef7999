#include "io/transfer.hpp"

#include <algorithm>
#include <cstring>

#include <troupe/detail/ready_queue.hpp>
#include <troupe/error.hpp>
#include <troupe/time.hpp>

namespace troupe::io {
namespace {

constexpr std::size_t least_room = 2048;
constexpr int pieces_in_a_row = 64;
constexpr std::size_t most_at_once = std::size_t{256} << 10;  // a plain file would give all of it

std::size_t take(read_ahead& from, std::span<char> into) noexcept {
    const std::size_t bytes = (std::min)(from.content().size(), into.size());
    if (bytes != 0) std::memcpy(into.data(), from.content().data(), bytes);
    from.drop(bytes);
    return bytes;
}

// Reads once what is there into the room behind what was read ahead. As byte_stream::try_read.
std::optional<std::size_t> try_read_ahead(detail::byte_stream& from, std::span<char> room) {
    const std::optional<std::size_t> got = from.try_read(room.first((std::min)(room.size(), most_at_once)));
    if (got) from.ahead().grow(*got);
    return got;
}

// A line that is complete. `searched` bytes have been looked at before, and hold no newline.
bool take_line(read_ahead& from, std::string& line, std::size_t limit, std::size_t searched) {
    const std::string_view content = from.content();
    const std::size_t end = content.find('\n', searched);
    const std::size_t length = end == std::string_view::npos ? content.size() : end;
    if (length > limit) {
        throw too_large("there is no newline among the next " + std::to_string(limit) +
                        " bytes of this stream; raise the limit of read_line, or hang up");
    }
    if (end == std::string_view::npos) return false;
    line.assign(content.substr(0, end));
    from.drop(end + 1);
    return true;
}

// The peer is as fast as this process: others are to have their turn, and timers are among them.
detail::yielding turn_of_others() noexcept {
    detail::ready.end_turn();
    return yield();
}

}  // namespace

task<std::size_t> read_some(detail::byte_stream::visit at, std::span<char> into) {
    detail::byte_stream* const from = at.expect_open();
    const auto turn = from->reading(at.place());
    if (into.empty()) co_return 0;
    if (!from->ahead().empty()) co_return take(from->ahead(), into);
    for (;;) {
        if (const std::optional<std::size_t> got = from->try_read(into)) co_return *got;
        co_await attendance::ready(at.place(), from->fd(), detail::until::readable);
    }
}

// By way of what is read ahead: so a read that is cancelled in the middle has taken nothing.
task<bool> read_exactly(detail::byte_stream::visit at, std::span<char> into) {
    detail::byte_stream* const from = at.expect_open();
    const auto turn = from->reading(at.place());
    read_ahead& ahead = from->ahead();
    for (int pieces = 1; ahead.content().size() < into.size(); ++pieces) {
        const std::size_t missing = into.size() - ahead.content().size();
        const std::optional<std::size_t> got = try_read_ahead(*from, ahead.room(missing).first(missing));
        if (!got) {
            co_await attendance::ready(at.place(), from->fd(), detail::until::readable);
        } else if (*got == 0) {
            if (ahead.empty()) co_return false;
            throw closed("the stream ended after " + std::to_string(ahead.content().size()) + " of the " +
                         std::to_string(into.size()) + " bytes that read_exactly was to give");
        } else if (pieces % pieces_in_a_row == 0) {
            co_await turn_of_others();
            at.place().expect_open();
        }
    }
    take(ahead, into);
    co_return true;
}

task<bool> read_line(detail::byte_stream::visit at, std::string* line, std::size_t limit) {
    detail::byte_stream* const from = at.expect_open();
    const auto turn = from->reading(at.place());
    read_ahead& ahead = from->ahead();
    std::size_t searched = 0;
    for (int pieces = 1; !take_line(ahead, *line, limit, searched); ++pieces) {
        searched = ahead.content().size();
        const std::optional<std::size_t> got = try_read_ahead(*from, ahead.room(least_room));
        if (!got) {
            co_await attendance::ready(at.place(), from->fd(), detail::until::readable);
        } else if (*got == 0) {
            if (ahead.empty()) co_return false;
            line->assign(ahead.content());
            ahead.drop(line->size());
            co_return true;
        } else if (pieces % pieces_in_a_row == 0) {
            co_await turn_of_others();
            at.place().expect_open();
        }
    }
    co_return true;
}

task<> write(detail::byte_stream::visit at, std::string_view bytes) {
    detail::byte_stream* const to = at.expect_open();
    const auto turn = to->writing(at.place());
    for (int pieces = 1; !bytes.empty(); ++pieces) {
        const std::optional<std::size_t> written = to->try_write(bytes);
        if (written) bytes.remove_prefix(*written);
        if (!written) {
            co_await attendance::ready(at.place(), to->fd(), detail::until::writable);
        } else if (pieces % pieces_in_a_row == 0) {
            co_await turn_of_others();
            at.place().expect_open();
        }
    }
}

detail::byte_stream* expect(const detail::byte_stream_hold& stream, const char* what) {
    if (stream == nullptr) {
        throw misuse(std::string(what) + " is empty: it was moved from, closed or never opened");
    }
    return stream.get();
}

detail::byte_stream::visit visit(const detail::byte_stream_hold& stream, const char* what) {
    return detail::byte_stream::visit(*expect(stream, what));
}

}  // namespace troupe::io
