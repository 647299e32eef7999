#include "process/pidfd.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#ifndef P_PIDFD
    #define P_PIDFD 3
#endif

namespace troupe::process {

base::owned_fd open_pidfd(pid_t pid) noexcept {
    return base::owned_fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

bool send_signal(int pidfd, int signal) noexcept {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0;
}

namespace {

exit_status status_of(const siginfo_t& about) {
    if (about.si_code == CLD_EXITED) return exit_status::from_exit(about.si_status);
    return exit_status::from_signal(about.si_status, about.si_code == CLD_DUMPED);
}

}  // namespace

std::optional<exit_status> peek_status(int pidfd) noexcept {
    siginfo_t about{};
    int result = 0;
    do {
        result = waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &about,
                        WEXITED | WNOHANG | WNOWAIT | __WALL);
    } while (result != 0 && errno == EINTR);
    if (result != 0) return exit_status::from_nothing();
    if (about.si_pid == 0) return std::nullopt;
    return status_of(about);
}

exit_status end_now(pid_t child) noexcept {
    if (child <= 0) return exit_status::from_nothing();
    ::kill(child, SIGKILL);
    siginfo_t about{};
    int result = 0;
    do {
        result = waitid(P_PID, static_cast<id_t>(child), &about, WEXITED | __WALL);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? status_of(about) : exit_status::from_nothing();
}

void collect(int pidfd) noexcept {
    siginfo_t about{};
    while (waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &about, WEXITED | WNOHANG | __WALL) != 0 &&
           errno == EINTR) {
    }
}

}  // namespace troupe::process
