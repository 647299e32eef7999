#include "process/standard_streams.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>

namespace troupe::process {

void keep_standard_descriptors_open() noexcept {
    for (int fd = 0; fd <= 2; ++fd) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        // The lowest free number is this one: all below are open.
        const int opened = open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
        if (opened >= 0 && opened != fd) {
            dup2(opened, fd);
            close(opened);
        }
    }
}

void flush_standard_streams() noexcept {
    try {
        // They have buffers of their own after sync_with_stdio(false).
        std::cout.flush();
        std::clog.flush();
    } catch (...) {
        // whoever had it throw finds its state
    }
    std::fflush(nullptr);
}

}  // namespace troupe::process
