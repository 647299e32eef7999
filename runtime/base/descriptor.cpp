#include <troupe/descriptor.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include <troupe/error.hpp>

namespace troupe {

descriptor::descriptor(int fd) {
    if (::fcntl(fd, F_GETFD) < 0) {
        throw misuse("descriptor " + std::to_string(fd) +
                     " is not open; give troupe::descriptor the number of a file that is");
    }
    fd_ = fd;
}

void descriptor::shut() noexcept {
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace troupe
