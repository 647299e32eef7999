// An actor that dies while somebody else traces it (a debugger at its prompt): what does the keeper do meanwhile?
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
using clk = std::chrono::steady_clock;
struct ping {
    using reply = int;
};
troupe::task<> worker(troupe::mailbox<ping> in) {
    co_await in.serve([](const ping&) { return 1; });
}
static double cpu() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}
// A process that attaches to `pid`, and looks for its events after so many seconds.
static pid_t debugger(pid_t pid, int seconds) {
    const pid_t d = fork();
    if (d != 0) return d;
    if (ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) != 0) {
        std::perror("ptrace");
        _exit(1);
    }
    int st = 0;
    waitpid(pid, &st, __WALL);
    ptrace(PTRACE_CONT, pid, nullptr, nullptr);
    sleep(seconds);  // the prompt
    _exit(0);        // and detaches
}
troupe::task<int> program() {
    auto w = co_await troupe::spawn<worker>({.name = "w"});
    co_await w.ask(ping{});
    const pid_t d = debugger(w.pid(), 5);
    co_await troupe::sleep_for(500ms);
    kill(w.pid(), SIGKILL);
    const auto t0 = clk::now();
    const double c0 = cpu();
    bool late = false;
    try {
        co_await w.ask(ping{}, 3s);
    } catch (const troupe::timed_out&) {
        late = true;
    } catch (const troupe::actor_died& e) {
        std::printf("ask: %s\n", e.what());
    }
    std::printf("ask of the dead actor: %s after %.1f s, alive=%d; the program, which only waits, used %.2f s of CPU\n",
                late ? "timed_out" : "answered", std::chrono::duration<double>(clk::now() - t0).count(), w.alive(),
                cpu() - c0);
    auto end = co_await w.join();
    std::printf("join after %.1f s: %s; CPU %.2f s\n", std::chrono::duration<double>(clk::now() - t0).count(),
                to_string(end).c_str(), cpu() - c0);
    waitpid(d, nullptr, 0);
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
