// A program that gives up root after it has started actors: this one starts itself anew, `changed_user inner`.
//
// It may not signal its actors and commands any more. Whoever wants one ended is told so at the call, nobody waits for
// what cannot be ended, and with the program all of its actors end.
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>

#include <troupe/troupe.hpp>

#include "programs/verdict.hpp"

using namespace std::chrono_literals;

namespace {

constexpr uid_t nobody = 65534;
constexpr unsigned watchdog_s = 60;
constexpr int right = 5;

void spin_for_ever() {
    for (volatile unsigned turns = 0;;) turns = turns + 1;
}

template <class Call>
bool is_refused(Call call) {
    try {
        call();
    } catch (const std::system_error& error) {
        return error.code().value() == EPERM;
    }
    return false;
}

template <class T>
troupe::task<bool> await_is_refused(troupe::task<T> one) {
    try {
        co_await std::move(one);
    } catch (const std::system_error& error) {
        co_return error.code().value() == EPERM;
    }
    co_return false;
}

struct end_it {
    using reply = bool;
    troupe::actor<> whom;
};
troupe::task<> end_others(troupe::mailbox<end_it> inbox) {
    co_await inbox.serve([](end_it m) { return is_refused([&] { m.whom.kill(); }); });
}

troupe::task<int> live() {
    const auto busy = co_await troupe::spawn<&spin_for_ever>({.name = "busy", .daemon = true});
    co_await troupe::spawn<&spin_for_ever>({.name = "daemon", .daemon = true});
    const auto other = co_await troupe::spawn<&end_others>();
    const auto reader = co_await troupe::command({"cat"}).start();  // ends when this program does not write any more
    if (setgid(nobody) != 0 || setuid(nobody) != 0) co_return 1;
    const bool kill_is = is_refused([&] { busy.kill(); });
    const bool terminate_is = is_refused([&] { busy.terminate(); });
    const bool others_is = co_await other.ask(end_it{busy});
    if (!busy.alive()) co_return 2;
    if (!kill_is || !terminate_is || !others_is) co_return 3;
    const bool signal_is = is_refused([&] { reader.signal(SIGTERM); });
    const bool end_is = co_await await_is_refused(reader.end());
    co_return signal_is&& end_is ? right : 4;
}

[[noreturn]] void outer() {
    verdict said;
    alarm(2 * watchdog_s);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const pid_t program = fork();
    if (program == 0) {
        alarm(watchdog_s);
        execl("/proc/self/exe", "changed_user", "inner", nullptr);
        _exit(126);
    }
    int status = 0;
    waitpid(program, &status, 0);
    const bool in_time = WIFEXITED(status);
    said.check(
        "changed user: to end an actor or a command that the program may not signal is refused, and the program ends",
        in_time && WEXITSTATUS(status) == right);
    if (!in_time || WEXITSTATUS(status) != right) std::printf("    status: %x\n", status);
    while (waitpid(-1, nullptr, 0) > 0) {  // what it leaves is a child of this process by now, and busy
    }
    said.check("changed user: no actor outlives the program", true);
    std::exit(said.close());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "inner") return troupe::run<live>(argc, argv);
    if (getuid() != 0) {
        std::puts("changed user: not tested, because only root can become another user\n0 passed, 0 failed");
        return 0;
    }
    outer();
}
