#include "base/address_map.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace troupe::base {

address_map::address_map() noexcept : fd_(open("/proc/self/maps", O_RDONLY | O_CLOEXEC)) {}

address_map::~address_map() {
    if (fd_ >= 0) close(fd_);
}

int address_map::take() noexcept {
    if (at_ == filled_) {
        ssize_t got = -1;
        if (fd_ >= 0) do {
                got = read(fd_, buffer_.data(), buffer_.size());
            } while (got < 0 && errno == EINTR);
        if (got <= 0) return -1;
        at_ = 0;
        filled_ = static_cast<std::size_t>(got);
    }
    return static_cast<unsigned char>(buffer_[at_++]);
}

std::uint64_t address_map::take_number(char until) noexcept {
    std::uint64_t number = 0;
    for (int c = take(); c != until && c >= 0; c = take()) {
        const int digit = c >= 'a' ? c - 'a' + 10 : c - '0';
        number = number << 4 | static_cast<std::uint64_t>(digit & 0xf);
    }
    return number;
}

// begin-end rwxp offset device inode    path
const mapping* address_map::next() noexcept {
    now_.begin = take_number('-');
    now_.end = take_number(' ');
    if (now_.end == 0) return nullptr;
    now_.readable = take() == 'r';
    take_number(' ');
    now_.offset = take_number(' ');
    take_number(' ');
    take_number(' ');
    std::size_t length = 0;
    for (int c = take(); c >= 0 && c != '\n'; c = take()) {
        if ((length == 0 && c == ' ') || length + 1 == sizeof now_.path) continue;
        now_.path[length++] = static_cast<char>(c);
    }
    now_.path[length] = '\0';
    return &now_;
}

}  // namespace troupe::base
