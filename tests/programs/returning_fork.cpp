// A child that the program's own code forks, and that returns from the program's function as if it were the program:
// it ends nothing but itself.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

using namespace std::chrono_literals;

namespace {

int add(int a, int b) { return a + b; }

troupe::task<int> added() { co_return (co_await (co_await troupe::spawn<&add>(20, 22)).join()).code(); }

int live() {
    const pid_t child = fork();
    if (child == 0) return 0;
    // Wherever it comes to: it may stand still, and may crash.
    int status = 0;
    for (int ms = 0; ms < 500 && waitpid(child, &status, WNOHANG) == 0; ++ms) usleep(1000);
    ::kill(child, SIGKILL);
    waitpid(child, &status, 0);
    verdict said;
    int sum = 0;
    try {
        sum = troupe::sync_wait(troupe::with_timeout(60s, added()));
    } catch (const troupe::timed_out&) {
    }
    said.check("own fork: a child that returns from the program's function does not end the program's actors",
               sum == 42);
    return said.close();
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<live>(argc, argv, {.report_crashes = false}); }
