#include "process/execution.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "process/limits.hpp"

namespace troupe::process {
namespace {

constexpr int first_of_others = 3;
constexpr int not_executed = 127;

struct attempt {
    const execution* wanted;
    executed* result;
};

[[noreturn]] void give_up(executed& result, execution_step step) noexcept {
    result.error = errno;
    result.step = step;
    _exit(not_executed);
}

// First out of the way, then to their places: the numbers may overlap.
bool connect(const std::array<int, 3>& streams) noexcept {
    std::array<int, 3> away{};
    for (std::size_t i = 0; i < streams.size(); ++i) {
        away[i] = fcntl(streams[i], F_DUPFD_CLOEXEC, first_of_others);
        if (away[i] < 0) return false;
    }
    for (std::size_t i = 0; i < streams.size(); ++i) {
        if (dup2(away[i], static_cast<int>(i)) < 0) return false;
    }
    return syscall(SYS_close_range, static_cast<unsigned>(first_of_others), ~0u, 0u) == 0;
}

bool set(const raw_limits& limits, executed& result) noexcept {
    for (const raw_limits::one& one : limits.resources) {
        result.limit = one.name;
        if (setrlimit(static_cast<__rlimit_resource_t>(one.resource), &one.value) != 0) return false;
    }
    result.limit = "CPUs";
    if (limits.affinity && sched_setaffinity(0, sizeof *limits.affinity, &*limits.affinity) != 0) return false;
    result.limit = "nice";
    if (limits.nice && setpriority(PRIO_PROCESS, 0, *limits.nice) != 0) return false;
    result.limit = "no new privileges";
    return !limits.no_new_privileges || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

void lower_open_files(rlim_t soft) noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = std::min(soft, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
}

// What was sent until now to the group that it has just left is not for it: a Ctrl-Z would stop it for good.
void drop_pending_signals() noexcept {
    sigset_t all;
    sigfillset(&all);
    const timespec now{};
    while (sigtimedwait(&all, nullptr, &now) > 0) {
    }
}

// The next path is tried where this one is no program, as a shell does.
bool may_be_elsewhere(int error) noexcept {
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ENAMETOOLONG || error == ELOOP;
}

// In the new process, in the caller's memory, on a stack of its own.
void begin(void* argument) noexcept {
    const attempt& it = *static_cast<attempt*>(argument);
    const execution& wanted = *it.wanted;
    executed& result = *it.result;
    setpgid(0, 0);
    if (!die_with_parent(wanted.parent)) _exit(not_executed);
    drop_handlers();
    struct sigaction plain{};
    plain.sa_handler = SIG_DFL;
    sigaction(SIGPIPE, &plain, nullptr);  // a pipeline ends by it
    drop_pending_signals();
    if (!connect(wanted.streams)) give_up(result, execution_step::streams);
    if (wanted.directory != nullptr && chdir(wanted.directory) != 0) give_up(result, execution_step::directory);
    if (wanted.open_files) lower_open_files(*wanted.open_files);
    if (!set(wanted.limits, result)) give_up(result, execution_step::limits);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    int error = ENOENT;
    for (const std::string& path : wanted.paths) {
        execve(path.c_str(), wanted.arguments.data(), wanted.environment.data());
        // That it is there and may not be executed says more than that it is not in the next folder.
        if (error == ENOENT || error == ENOTDIR || !may_be_elsewhere(errno)) {
            error = errno;
            result.path = path.c_str();
        }
        if (!may_be_elsewhere(errno)) break;
    }
    errno = error;
    give_up(result, execution_step::exec);
}

}  // namespace

raw_limits raw(const limits& wanted) {
    check(wanted);
    raw_limits all;
    const auto add = [&all](const char* name, int resource, const std::optional<std::uint64_t>& value) {
        if (value) all.resources.push_back({name, resource, {*value, *value}});
    };
    add("open files", RLIMIT_NOFILE, wanted.open_files);
    add("file size", RLIMIT_FSIZE, wanted.file_size);
    add("core size", RLIMIT_CORE, wanted.core_size);
    add("memory", RLIMIT_DATA, wanted.memory);
    if (wanted.cpu_time) {
        const auto seconds = static_cast<rlim_t>(wanted.cpu_time->count());
        all.resources.push_back({"CPU time", RLIMIT_CPU, {seconds, seconds + 1}});
    }
    all.nice = wanted.nice;
    if (wanted.affinity) {
        cpu_set_t& cpus = all.affinity.emplace();
        CPU_ZERO(&cpus);
        for (const int cpu : *wanted.affinity) CPU_SET(static_cast<std::size_t>(cpu), &cpus);
    }
    all.no_new_privileges = wanted.no_new_privileges;
    return all;
}

executed execute(const execution& wanted, parentage parentage, std::atomic<std::int32_t>* pid_word) noexcept {
    executed result;
    attempt it{&wanted, &result};
    const cloned made = clone_held(parentage, pid_word, naming::by_pid, &begin, &it);
    if (made) {
        result.pid = made.pid;
    } else {
        result.error = made.error;
    }
    return result;
}

}  // namespace troupe::process
