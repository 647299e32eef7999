#include <troupe/descriptor.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include <troupe/error.hpp>

namespace troupe {

descriptor::descriptor(int fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0) {
        throw misuse("descriptor " + std::to_string(fd) +
                     " is not open; give troupe::descriptor the number of a file that is");
    }
    if ((flags & FD_CLOEXEC) == 0) ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
    fd_ = fd;
}

void descriptor::close_it() noexcept {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace troupe
