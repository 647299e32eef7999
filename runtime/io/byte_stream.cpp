#include "io/byte_stream.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include <troupe/error.hpp>

#include "base/signal_held.hpp"
#include "io/failure.hpp"

namespace troupe::detail {
namespace {

constexpr std::size_t piece_of_file = std::size_t{1} << 20;

ssize_t write_to_pipe(int fd, std::string_view bytes) noexcept {
    const base::signal_held held(SIGPIPE);
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EPIPE) held.take_off();
    return written;
}

// A call that a signal has interrupted says nothing of whether there is anything.
template <class Call>
ssize_t uninterrupted(Call call) noexcept {
    ssize_t result = call();
    while (result < 0 && errno == EINTR) result = call();
    return result;
}

bool not_now(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

byte_stream::turn::turn(const io::attendance::place& at, bool& taken, const char* what) : place_(at), taken_(taken) {
    if (taken) throw misuse(std::string(what) + " at the same time; let one of them end first");
    taken = true;
}

byte_stream::byte_stream(descriptor fd, direction wanted) {
    if (!fd) throw misuse("a stream cannot be made of an empty descriptor; open the file first");
    look_at(fd.get(), wanted);
    fd_.reset(std::move(fd).release());
}

byte_stream::byte_stream(borrowed, int fd) : borrowed_(true) {
    look_at(fd, direction::in);
    fd_.reset(fd);
}

byte_stream::~byte_stream() {
    if (borrowed_) fd_.release();
}

void byte_stream::look_at(int fd, direction wanted) {
    const int flags = ::fcntl(fd, F_GETFL);
    const int access = flags & O_ACCMODE;
    if (wanted != direction::out && access == O_WRONLY) {
        throw misuse("descriptor " + std::to_string(fd) + " was opened for writing only; it cannot be read from");
    }
    if (wanted != direction::in && access == O_RDONLY) {
        throw misuse("descriptor " + std::to_string(fd) + " was opened for reading only; it cannot be written to");
    }
    struct stat file{};
    ::fstat(fd, &file);
    if (S_ISDIR(file.st_mode)) {
        throw misuse("descriptor " + std::to_string(fd) + " is a directory; a stream is made of a file");
    }
    kind_ = S_ISSOCK(file.st_mode) ? kind::socket : S_ISFIFO(file.st_mode) ? kind::pipe : kind::other;
    if (kind_ == kind::socket && !borrowed_) attendance_.keep_watch();
    // What is borrowed is shared with other programs, and one of them may take the flag off again.
    never_blocks_ = (!borrowed_ && (flags & O_NONBLOCK) != 0) || S_ISREG(file.st_mode);
}

bool byte_stream::blocks_now(short event) const noexcept {
    if (never_blocks_) return false;
    pollfd look{fd(), event, 0};
    return ::poll(&look, 1, 0) <= 0;
}

// A pipe that is writable has room for this much.
std::size_t byte_stream::at_a_time() const noexcept { return never_blocks_ ? piece_of_file : std::size_t{PIPE_BUF}; }

std::optional<std::size_t> byte_stream::try_read(std::span<char> into) {
    ssize_t got = -1;
    if (kind_ == kind::socket) {
        got = uninterrupted([&] { return ::recv(fd(), into.data(), into.size(), MSG_DONTWAIT); });
    } else {
        if (blocks_now(POLLIN)) return std::nullopt;
        got = ::read(fd(), into.data(), into.size());
    }
    if (got >= 0) return static_cast<std::size_t>(got);
    if (not_now(errno)) return std::nullopt;
    throw io::failure("a read from descriptor " + std::to_string(fd()) + " failed", errno);
}

std::optional<std::size_t> byte_stream::try_write(std::string_view bytes) {
    if (output_ended_)
        throw misuse("nothing can be written to a socket after `shutdown`; call that when all is written");
    ssize_t written = -1;
    if (kind_ == kind::socket) {
        written = ::send(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
        if (blocks_now(POLLOUT)) return std::nullopt;
        bytes = bytes.substr(0, at_a_time());
        written = kind_ == kind::pipe ? write_to_pipe(fd(), bytes) : ::write(fd(), bytes.data(), bytes.size());
    }
    if (written >= 0) return static_cast<std::size_t>(written);
    if (not_now(errno)) return std::nullopt;
    throw io::failure("a write to descriptor " + std::to_string(fd()) + " failed", errno);
}

void byte_stream::end_output() {
    if (output_ended_) return;
    output_ended_ = true;
    // Of a peer that has gone there is nothing to be told.
    if (::shutdown(fd(), SHUT_WR) != 0 && errno != ENOTCONN)
        throw io::failure("a socket could not be shut down", errno);
}

descriptor byte_stream::give_away() {
    if (!ahead_.empty()) {
        throw misuse("this stream cannot be released: " + std::to_string(ahead_.content().size()) +
                     " bytes were read ahead that nobody has taken; read them first (read_some)");
    }
    if (borrowed_) throw misuse("the standard input cannot be released: it belongs to the whole process");
    attendance_.end_watch();
    return descriptor(fd_.release());
}

}  // namespace troupe::detail
