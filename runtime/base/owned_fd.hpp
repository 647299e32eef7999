// A descriptor with one owner.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace troupe::base {

class owned_fd {
public:
    owned_fd() noexcept = default;
    explicit owned_fd(int fd) noexcept : fd_(fd) {}
    owned_fd(owned_fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    owned_fd& operator=(owned_fd&& other) noexcept {
        if (this != &other) reset(std::exchange(other.fd_, -1));
        return *this;
    }
    ~owned_fd() { reset(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    int release() noexcept { return std::exchange(fd_, -1); }
    // Forgotten first, and then closed: in between another thread may get the number, and copy this process. The copy
    // would close that thread's.
    void reset(int fd = -1) noexcept {
        const int before = std::exchange(fd_, fd);
        if (before >= 0) ::close(before);
    }

private:
    int fd_ = -1;
};

// What the system has put where the process's stdin, stdout or stderr was closed, at a higher number: whoever opens
// these again must not close it, nor print into it. The same as before where there is no number left.
inline owned_fd above_standard(owned_fd fd) noexcept {
    constexpr int first_free = 3;
    if (!fd || fd.get() >= first_free) return fd;
    owned_fd higher(::fcntl(fd.get(), F_DUPFD_CLOEXEC, first_free));
    return higher ? std::move(higher) : std::move(fd);
}

}  // namespace troupe::base
