#include "logging/error_stream.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>

#include "base/signal_held.hpp"

namespace troupe::logging {
namespace {

bool wait_for_room(base::time_point until) noexcept {
    pollfd room{STDERR_FILENO, POLLOUT, 0};
    for (;;) {
        int ms = -1;
        if (until != base::time_point::max()) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - base::steady_clock::now());
            ms = static_cast<int>(std::max(left.count(), decltype(left)::rep{0}));
        }
        const int ready = poll(&room, 1, ms);
        if (ready == 1) return (room.revents & POLLERR) == 0;  // nobody can read it any more
        if (ready == 0 || errno != EINTR) return false;
    }
}

}  // namespace

std::size_t error_stream::put(std::string_view bytes, base::time_point until) noexcept {
    // A write that must not take long takes no more than a pipe that has room for anything has room for.
    const std::size_t most = until == base::time_point::max() ? bytes.size() : std::size_t{PIPE_BUF};
    std::size_t done = 0;
    while (done < bytes.size()) {
        if (until != base::time_point::max() && !wait_for_room(until)) {
            errno = ETIMEDOUT;
            break;
        }
        const ssize_t now =
            base::write_quietly(STDERR_FILENO, {bytes.data() + done, std::min(most, bytes.size() - done)});
        if (now > 0) {
            done += static_cast<std::size_t>(now);
        } else if (now == 0) {
            errno = ENOSPC;
            break;
        } else if (errno == EAGAIN && wait_for_room(until)) {
            continue;
        } else if (errno != EINTR) {
            break;
        }
    }
    if (done > 0) mid_line_ = bytes[done - 1] != '\n';
    return done;
}

bool error_stream::tell_lost(base::time_point until) noexcept {
    char line[160];
    const int length = std::snprintf(line, sizeof line, "%stroupe: %llu line%s of the log could not be written: %s\n",
                                     mid_line_ ? "\n" : "", static_cast<unsigned long long>(lost_),
                                     lost_ == 1 ? "" : "s", strerrordesc_np(error_));
    const std::string_view text(line, std::min<std::size_t>(static_cast<std::size_t>(length), sizeof line - 1));
    if (put(text, until) < text.size()) return false;
    lost_ = 0;
    return true;
}

void error_stream::write(std::string_view lines, base::time_point until) noexcept {
    if (lines.empty()) return;
    if (lost_ == 0 || tell_lost(until)) lines.remove_prefix(put(lines, until));
    if (lines.empty()) return;
    error_ = errno;
    lost_ += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
}

}  // namespace troupe::logging
