// Programs whose stderr is a pipe that nobody reads, or nobody can read any more: this one starts itself anew,
// `unread_errors inner`. That an actor has crashed is said there, and the program neither waits for that nor dies of
// it.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

namespace {

constexpr unsigned watchdog_s = 60;

void fail() { throw std::runtime_error("as planned"); }

troupe::task<int> live() {
    for (int i = 0; i < 3; ++i) co_await (co_await troupe::spawn<&fail>()).join();
    co_return 0;
}

enum class reader { gone, idle };

void fill(int pipe) {
    fcntl(pipe, F_SETFL, O_NONBLOCK);
    constexpr char some[4096] = {};
    while (write(pipe, some, sizeof some) > 0) {
    }
    fcntl(pipe, F_SETFL, 0);
}

bool goes_on(reader what) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    const pid_t program = fork();
    if (program == 0) {
        std::signal(SIGPIPE, SIG_DFL);
        if (what == reader::idle) fill(ends[1]);
        dup2(ends[1], STDERR_FILENO);
        if (what == reader::gone) close(ends[0]);
        alarm(watchdog_s);
        execl("/proc/self/exe", "unread_errors", "inner", nullptr);
        _exit(126);
    }
    close(ends[1]);
    if (what == reader::gone) close(ends[0]);
    int status = 0;
    waitpid(program, &status, 0);
    if (what == reader::idle) close(ends[0]);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int outer() {
    verdict said;
    said.check("stderr: a program goes on when an actor crashes and nobody can read that", goes_on(reader::gone));
    said.check("stderr: it goes on when nobody does read it", goes_on(reader::idle));
    return said.close();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "inner") return troupe::run<live>(argc, argv);
    return outer();
}
