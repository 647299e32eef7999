#include "process/lifeline.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "base/system_failure.hpp"

namespace troupe::process {

lifeline make_lifeline() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw base::system_failure(errno, "a pipe cannot be made");
    lifeline made{base::owned_fd(ends[1]), base::owned_fd(ends[0])};
    // An actor that has changed its user opens it for the actors that it starts.
    fchmod(ends[0], S_IRUSR | S_IRGRP | S_IROTH);
    return made;
}

base::owned_fd another_end(int shared) noexcept {
    char path[32] = "/proc/self/fd/";
    *std::to_chars(path + std::strlen(path), path + sizeof path - 1, shared).ptr = '\0';
    return base::above_standard(base::owned_fd(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)));
}

bool hang_on(int end) noexcept {
    const bool asked = fcntl(end, F_SETOWN, getpid()) == 0 && fcntl(end, F_SETSIG, SIGKILL) == 0 &&
                       fcntl(end, F_SETFL, O_ASYNC | O_NONBLOCK) == 0;
    if (!asked) return false;
    pollfd gone{end, 0, 0};
    if (poll(&gone, 1, 0) == 1 && (gone.revents & POLLHUP) != 0) raise(SIGKILL);
    return true;
}

}  // namespace troupe::process
