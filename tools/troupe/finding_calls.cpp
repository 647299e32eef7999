#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/owned_fd.hpp"
#include "troupe/finding.hpp"

namespace troupe::tool {
namespace {

// An errno; 0: the call is there.
int try_pidfd_open() {
    const base::owned_fd fd(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
    return fd ? 0 : errno;
}

// With arguments that are too short: where the call is there, it says so.
int try_clone3() {
    if (syscall(SYS_clone3, nullptr, 0) == -1 && errno == EINVAL) return 0;
    return errno;
}

// Closes descriptors that nobody has.
int try_close_range() { return syscall(SYS_close_range, ~0u, ~0u, 0u) == 0 ? 0 : errno; }

int try_memfd() {
    const base::owned_fd fd(memfd_create("troupe-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd || ftruncate(fd.get(), 4096) != 0) return errno;
    return fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0 ? 0 : errno;
}

// Shared memory is taken piece by piece, by a call that not every system has for it.
int try_fallocate() {
    const base::owned_fd fd(memfd_create("troupe-doctor", MFD_CLOEXEC));
    if (!fd || ftruncate(fd.get(), 4096) != 0) return errno;
    return fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, 0, 4096) == 0 ? 0 : errno;
}

std::string advice_on(const std::string& call, int error) {
    const std::string allow = "allow " + call + " in the seccomp profile of the container";
    if (error == ENOSYS) return "run Linux 5.9 or later; where this is one, " + allow;
    if (error == EPERM || error == EACCES) return allow;
    if (error == EMFILE || error == ENFILE) return "this process has no descriptor left: raise ulimit -n";
    if (error == ENOSPC || error == ENOMEM)
        return "there is no memory left for it: give this machine or container more";
    return "this system refuses " + call + ", without which no program of troupe runs: use another one";
}

finding judged(const std::string& call, int error) {
    if (error == 0) return {call, "works", "", grade::ok, ""};
    return {call, strerrordesc_np(error) != nullptr ? strerrordesc_np(error) : "refused", "works", grade::low,
            advice_on(call, error)};
}

}  // namespace

std::vector<finding> find_calls() {
    utsname system{};
    uname(&system);
    return {{"kernel", system.release, "5.9", grade::ok, ""},
            judged("pidfd_open", try_pidfd_open()),
            judged("clone3", try_clone3()),
            judged("close_range", try_close_range()),
            judged("memfd_create", try_memfd()),
            judged("fallocate", try_fallocate())};
}

}  // namespace troupe::tool
