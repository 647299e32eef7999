#include "process/pidfd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

#include "base/valgrind.hpp"

#ifndef P_PIDFD
    #define P_PIDFD 3
#endif

namespace troupe::process {

base::owned_fd open_pidfd(pid_t pid) noexcept {
    return base::owned_fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

namespace {

// Where the system does not know the call for it. The pid is still its own: whoever sends has not collected it yet.
bool send_by_pid(int pidfd, int signal, siginfo_t* about) noexcept {
    char text[512];
    std::snprintf(text, sizeof text, "/proc/self/fdinfo/%d", pidfd);
    const base::owned_fd file(open(text, O_RDONLY | O_CLOEXEC));
    const ssize_t length = file ? read(file.get(), text, sizeof text - 1) : -1;
    if (length < 0) return false;
    text[length] = '\0';
    const char* found = std::strstr(text, "\nPid:");
    const auto pid = static_cast<pid_t>(found != nullptr ? std::strtol(found + 5, nullptr, 10) : 0);
    if (pid <= 0) {
        errno = ESRCH;
        return false;
    }
    return (about == nullptr ? ::kill(pid, signal) : syscall(SYS_rt_sigqueueinfo, pid, signal, about)) == 0;
}

bool send(int pidfd, int signal, siginfo_t* about) noexcept {
    // Valgrind complains at each call that it does not know.
    if (base::under_valgrind()) return send_by_pid(pidfd, signal, about);
    if (syscall(SYS_pidfd_send_signal, pidfd, signal, about, 0) == 0) return true;
    return errno == ENOSYS && send_by_pid(pidfd, signal, about);
}

}  // namespace

bool send_signal(int pidfd, int signal) noexcept { return send(pidfd, signal, nullptr); }

bool send_signal(int pidfd, int signal, std::uint64_t value) noexcept {
    siginfo_t about{};
    about.si_signo = signal;
    about.si_code = SI_QUEUE;
    about.si_pid = getpid();
    about.si_uid = getuid();
    static_assert(sizeof about.si_value == sizeof value);
    std::memcpy(&about.si_value, &value, sizeof value);
    return send(pidfd, signal, &about);
}

namespace {

constexpr int end_now_ms = 10'000;

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

// The beginning of a file of /proc/PID.
class proc_text {
public:
    proc_text(pid_t pid, const char* file) noexcept {
        char path[64];
        std::snprintf(path, sizeof path, "/proc/%d/%s", static_cast<int>(pid), file);
        const base::owned_fd opened(open(path, O_RDONLY | O_CLOEXEC));
        if (!opened) return;
        const ssize_t got = read(opened.get(), bytes_, sizeof bytes_);
        if (got > 0) length_ = static_cast<std::size_t>(got);
    }
    std::string_view text() const noexcept { return {bytes_, length_}; }

private:
    char bytes_[2048];
    std::size_t length_ = 0;
};

std::uint64_t number_in(std::string_view text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// The system answers 0 where it does not want to tell.
bool may_be_asked_about(pid_t pid) noexcept {
    char path[32];
    std::snprintf(path, sizeof path, "/proc/%d/exe", static_cast<int>(pid));
    char target[1];
    return readlink(path, target, sizeof target) >= 0 || errno != EACCES;
}

// Of a process that has ended and cannot be waited for, because a debugger has not looked at its end yet.
exit_status status_in_proc(pid_t pid) noexcept {
    constexpr int user_ticks = 14, system_ticks = 15, exit_code = 52;  // as proc(5) counts the fields
    const proc_text stat(pid, "stat");
    std::string_view rest = stat.text();
    const std::size_t name_end = rest.rfind(')');
    if (name_end == std::string_view::npos || !may_be_asked_about(pid)) return exit_status::from_nothing();
    rest.remove_prefix(name_end + 1);
    std::uint64_t ticks = 0;
    for (int field = 3; field < exit_code; ++field) {
        if (field == user_ticks || field == system_ticks) ticks += number_in(rest);
        const std::size_t next = rest.find(' ', 1);
        if (next == std::string_view::npos) return exit_status::from_nothing();
        rest.remove_prefix(next);
    }
    const auto word = static_cast<int>(number_in(rest));
    exit_status status = WIFSIGNALED(word) ? exit_status::from_signal(WTERMSIG(word), WCOREDUMP(word))
                                           : exit_status::from_exit(WEXITSTATUS(word));
    status.details().cpu_time =
        std::chrono::nanoseconds(std::chrono::seconds(ticks)) / std::max(sysconf(_SC_CLK_TCK), 1L);
    return status;
}

}  // namespace

std::optional<exit_status> peek_status(int pidfd, pid_t pid) noexcept {
    siginfo_t about{};
    rusage used{};
    if (wait_for(static_cast<idtype_t>(P_PIDFD), pidfd, about, WNOHANG | WNOWAIT, used) != 0) {
        return exit_status::from_nothing();
    }
    if (about.si_pid != 0) return status_of(about, used);
    if (!has_ended(pidfd, 0)) return std::nullopt;
    return status_in_proc(pid);
}

bool has_ended(int pidfd, int wait_ms) noexcept {
    pollfd ended{pidfd, POLLIN, 0};
    int found = 0;
    do {
        found = poll(&ended, 1, wait_ms);
    } while (found < 0 && errno == EINTR);
    return found == 1;
}

exit_status end_now(pid_t child) noexcept {
    if (child <= 0 || ::kill(child, SIGKILL) != 0) return exit_status::from_nothing();
    siginfo_t about{};
    rusage used{};
    // Not for ever: a debugger may hold it.
    for (int i = 0; i < end_now_ms; ++i) {
        if (wait_for(P_PID, child, about, WNOHANG, used) != 0) break;
        if (about.si_pid != 0) return status_of(about, used);
        constexpr timespec moment{0, 1'000'000};
        nanosleep(&moment, nullptr);
    }
    return exit_status::from_nothing();
}

bool collect(int pidfd) noexcept {
    siginfo_t about{};
    rusage used{};
    return wait_for(static_cast<idtype_t>(P_PIDFD), pidfd, about, WNOHANG, used) != 0 || about.si_pid != 0;
}

bool is_child(pid_t pid) noexcept {
    siginfo_t about{};
    rusage used{};
    return wait_for(P_PID, pid, about, WNOHANG | WNOWAIT, used) == 0;
}

bool is_zombie_child(pid_t pid) noexcept {
    siginfo_t about{};
    rusage used{};
    return wait_for(P_PID, pid, about, WNOHANG | WNOWAIT, used) == 0 && about.si_pid != 0;
}

pid_t any_zombie_child() noexcept {
    siginfo_t about{};
    rusage used{};
    return wait_for(P_ALL, 0, about, WNOHANG | WNOWAIT, used) == 0 ? about.si_pid : 0;
}

void collect_child(pid_t pid) noexcept {
    siginfo_t about{};
    rusage used{};
    wait_for(P_PID, pid, about, WNOHANG, used);
}

pid_t tracer_of(pid_t pid) noexcept {
    constexpr std::string_view field = "TracerPid:";
    const proc_text status(pid, "status");
    std::string_view rest = status.text();
    const std::size_t at = rest.find(field);
    if (at == std::string_view::npos) return 0;
    rest.remove_prefix(at + field.size());
    return static_cast<pid_t>(number_in(rest));
}

}  // namespace troupe::process
