#include "chaos/warden.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "chaos/watcher.hpp"
#include "chaos/witness.hpp"

namespace chaos {
namespace {

struct order {
    pid_t traced = 0;  // 0: everybody is frozen
    int milliseconds = 0;
};

// The program is a process group; the actors that are signalled together are one of their own.
void signal_all(pid_t program, int signal) {
    kill(-program, signal);
    if (const pid_t part = the_witness().group; part > 1) kill(-part, signal);
}

void freeze_all(pid_t program, std::chrono::milliseconds length) {
    signal_all(program, SIGSTOP);
    std::this_thread::sleep_for(length);  // that is how long the freeze lasts
    signal_all(program, SIGCONT);
}

void hold(pid_t process, std::chrono::milliseconds length) {
    if (ptrace(PTRACE_SEIZE, process, nullptr, nullptr) != 0) return;  // it has ended by now
    ptrace(PTRACE_INTERRUPT, process, nullptr, nullptr);
    std::this_thread::sleep_for(length);  // the prompt
    // One that is killed while it stands still cannot be detached, and stays this process's until its end is read.
    for (int status = 0; waitpid(process, &status, __WALL) == process && WIFSTOPPED(status);) {
        const int signal = status >> 16 != 0 ? 0 : WSTOPSIG(status);
        if (ptrace(PTRACE_DETACH, process, nullptr, signal) == 0) return;
    }
}

[[noreturn]] void serve(pid_t program, pid_t watcher, int asked) {
    for (order next; read(asked, &next, sizeof next) == sizeof next;) {
        const std::chrono::milliseconds length(next.milliseconds);
        next.traced == 0 ? freeze_all(program, length) : hold(next.traced, length);
    }
    int status = 0;
    while (waitpid(program, &status, 0) < 0 && errno == EINTR) {
    }
    if (watcher > 0) {
        kill(watcher, SIGKILL);
        waitpid(watcher, nullptr, 0);
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

void ask(int warden, const order& what) noexcept {
    [[maybe_unused]] const ssize_t written = write(warden, &what, sizeof what);
}

}  // namespace

warden warden::stand_outside(const std::string& tool, std::uint64_t seed) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    const pid_t outside = getpid();
    const pid_t program = fork();
    if (program < 0) std::abort();
    if (program != 0) {
        setpgid(program, program);
        close(ends[1]);
        serve(program, tool.empty() ? 0 : start_watcher(program, tool, seed), ends[0]);
    }
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != outside) std::abort();
    close(ends[0]);
    return warden(troupe::base::owned_fd(ends[1]));
}

void warden::freeze(std::chrono::milliseconds length) const noexcept {
    ask(asks_.get(), {.traced = 0, .milliseconds = static_cast<int>(length.count())});
}

void warden::trace(pid_t process, std::chrono::milliseconds length) const noexcept {
    ask(asks_.get(), {.traced = process, .milliseconds = static_cast<int>(length.count())});
}

}  // namespace chaos
