// A program that is the first process of its container (pid 1): this one starts itself anew, `first_process inner`, in
// a namespace of its own. What its actors leave behind ends as its child, and it collects that.
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

using namespace std::chrono_literals;

namespace {

constexpr unsigned watchdog_s = 60;
constexpr int right = 5;

// Three generations that nobody waits for.
void leave_orphans(troupe::queue<int> pids) {
    const pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) _exit(0);
        _exit(0);
    }
    troupe::sync_wait(pids.put(child));
}

bool any_child() {
    siginfo_t about{};
    return waitid(P_ALL, 0, &about, WEXITED | WNOHANG | WNOWAIT) == 0 && about.si_pid != 0;
}

troupe::task<int> live() {
    if (getpid() != 1) co_return 1;
    troupe::queue<int> pids;
    for (int i = 0; i < 20; ++i) {
        const auto one = co_await troupe::spawn<&leave_orphans>(pids);
        co_await one.join();
    }
    // What main starts itself is its own affair.
    if (std::system("exit 3") >> 8 != 3) co_return 2;
    while (any_child()) co_await troupe::sleep_for(10ms);
    co_return right;
}

int outer() {
    verdict said;
    if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) {
        std::puts(
            "first process: not tested, because this system does not let it have a namespace\n0 passed, 0 failed");
        return 0;
    }
    const pid_t program = fork();
    if (program == 0) {
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
        mount("proc", "/proc", "proc", 0, nullptr);
        alarm(watchdog_s);
        execl("/proc/self/exe", "first_process", "inner", nullptr);
        _exit(126);
    }
    int status = 0;
    waitpid(program, &status, 0);
    const bool well = WIFEXITED(status) && WEXITSTATUS(status) == right;
    said.check("first process: what actors leave behind is collected, and what main waits for is left to it", well);
    if (!well) std::printf("    status: %x\n", status);
    return said.close();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "inner") return troupe::run<live>(argc, argv);
    return outer();
}
