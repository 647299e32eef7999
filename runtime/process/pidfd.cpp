#include "process/pidfd.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
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

std::chrono::microseconds duration(const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

exit_status status_of(const siginfo_t& about, const rusage& used) {
    exit_status status = about.si_code == CLD_EXITED
                             ? exit_status::from_exit(about.si_status)
                             : exit_status::from_signal(about.si_status, about.si_code == CLD_DUMPED);
    status.details().peak_memory = static_cast<std::uint64_t>(used.ru_maxrss) << 10;
    status.details().cpu_time = duration(used.ru_utime) + duration(used.ru_stime);
    return status;
}

// The C library's has no place for what the process used.
long wait_for(idtype_t kind, int id, siginfo_t& about, int options, rusage& used) noexcept {
    long result = 0;
    do {
        result = syscall(SYS_waitid, kind, id, &about, options | WEXITED | __WALL, &used);
    } while (result != 0 && errno == EINTR);
    return result;
}

}  // namespace

std::optional<exit_status> peek_status(int pidfd) noexcept {
    siginfo_t about{};
    rusage used{};
    if (wait_for(static_cast<idtype_t>(P_PIDFD), pidfd, about, WNOHANG | WNOWAIT, used) != 0) {
        return exit_status::from_nothing();
    }
    if (about.si_pid == 0) return std::nullopt;
    return status_of(about, used);
}

exit_status end_now(pid_t child) noexcept {
    if (child <= 0) return exit_status::from_nothing();
    ::kill(child, SIGKILL);
    siginfo_t about{};
    rusage used{};
    return wait_for(P_PID, child, about, 0, used) == 0 ? status_of(about, used) : exit_status::from_nothing();
}

void collect(int pidfd) noexcept {
    siginfo_t about{};
    while (waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &about, WEXITED | WNOHANG | __WALL) != 0 &&
           errno == EINTR) {
    }
}

}  // namespace troupe::process
