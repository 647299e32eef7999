// An open file that this process owns: a socket, a pipe's end, a file, a device.
#pragma once

#include <utility>

namespace troupe {

// A descriptor can only be moved. It closes the file at its end.
class descriptor {
public:
    // An empty one.
    descriptor() noexcept = default;
    // Takes the file over. Throws misuse if the number is not that of an open file.
    explicit descriptor(int fd);
    descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        descriptor(std::move(other)).swap(*this);
        return *this;
    }
    ~descriptor() { shut(); }
    void swap(descriptor& other) noexcept { std::swap(fd_, other.fd_); }

    // The number, which stays this object's; -1 if it is empty.
    int get() const noexcept { return fd_; }
    // Gives the file away: whoever gets the number closes it.
    int release() && noexcept { return std::exchange(fd_, -1); }
    explicit operator bool() const noexcept { return fd_ >= 0; }

private:
    void shut() noexcept;

    int fd_ = -1;
};

}  // namespace troupe
