// A child of the program that is linked and crashes ends the program: its waits throw, and it dies of SIGTERM.
#include <csignal>
#include <cstdio>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

namespace {

void fail() { throw std::runtime_error("as planned"); }

troupe::task<> program() {
    troupe::queue<int> results;
    try {
        co_await troupe::spawn<fail>({.linked = true});
        co_await results.get();  // nobody will put anything
    } catch (const troupe::cancelled&) {
        std::puts("cancelled");
        std::fflush(stdout);
        throw;
    }
}

}  // namespace

int main(int argc, char** argv) {
    // In the processes of the actors, main comes by here as well.
    if (argc > 1) return troupe::run<program>(argc, argv, {.report_crashes = false});
    int out[2];
    if (pipe(out) != 0) return 1;
    const pid_t child = fork();
    if (child == 0) {
        dup2(out[1], STDOUT_FILENO);
        close(out[0]);
        close(out[1]);
        execl("/proc/self/exe", argv[0], "program", static_cast<char*>(nullptr));
        _exit(127);
    }
    close(out[1]);
    std::string said;
    char some[64];
    for (ssize_t got = 0; (got = read(out[0], some, sizeof some)) > 0;)
        said.append(some, static_cast<std::size_t>(got));
    int status = 0;
    waitpid(child, &status, 0);
    verdict told;
    told.check("linked: the program of a linked child that crashes has its waits cancelled", said == "cancelled\n");
    told.check("linked: and dies of SIGTERM", WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    return told.close();
}
