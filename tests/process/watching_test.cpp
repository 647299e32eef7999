// What the keeper sees whatever else goes on: ends of actors that a debugger holds, ends in a flood, and orphans.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "process/tracer.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::exit_status;
using troupe::task;

task<int> return_seven(troupe::mailbox<int> inbox) {
    while (co_await inbox.receive()) {
    }
    _exit(7);  // at once: a sanitizer finds no leaks in a process that is traced, and fails
}

// A child of this process that has ended is there until it is collected.
bool is_there(pid_t pid) { return ::kill(pid, 0) == 0; }

task<> until_gone(pid_t pid) {
    while (is_there(pid)) co_await troupe::sleep_for(1ms);
}

enum class way { killed, returned };

task<> ends_under_a_debugger(way how) {
    const auto one = co_await troupe::spawn<return_seven>();
    const pid_t pid = one.pid();
    testing::tracer debugger(pid);
    if (!debugger.attached()) {
        WARN("not tested: this system does not let one process trace another");
        one.stop();
        co_await one.join();
        co_return;
    }
    if (how == way::killed) one.kill();
    if (how == way::returned) one.stop();
    const exit_status end = co_await one.join();
    CHECK(end.code() == (how == way::killed ? -SIGKILL : 7));
    CHECK(is_there(pid));  // the debugger has not looked
    debugger.let_go();
    // What the keeper hears next is behind that.
    const auto other = co_await troupe::spawn<return_seven>();
    other.stop();
    co_await other.join();
    CHECK_FALSE(is_there(pid));
}

void flood(troupe::actor<> other) {
    for (;;) troupe::this_actor::unlink(other);
}

task<> ends_in_a_flood() {
    const auto victim = co_await troupe::spawn<return_seven>();
    const auto other = co_await troupe::spawn<return_seven>();
    std::vector<troupe::actor<>> flooding;
    for (int i = 0; i < 24; ++i) flooding.push_back(co_await troupe::spawn<flood>(troupe::actor<>(other)));
    victim.kill();
    const exit_status end = co_await victim.join();
    CHECK(end.code() == -SIGKILL);
    for (const auto& one : flooding) one.kill();
    for (const auto& one : flooding) co_await one.join();
    other.stop();
    co_await other.join();
}

// Leaves a process behind, which ends when the pipe is closed that it reads from.
void leave_orphan(troupe::queue<int> pids) {
    const pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);  // until somebody looks
        _exit(0);
    }
    troupe::sync_wait(pids.put(child));
}

task<> orphan_is_collected() {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    troupe::queue<int> pids;
    const auto one = co_await troupe::spawn<leave_orphan>(pids);
    const int orphan = (co_await pids.get()).value();
    co_await one.join();
    const pid_t own = fork();
    if (own == 0) _exit(5);
    ::kill(orphan, SIGKILL);
    int status = 0;
    while (waitpid(own, &status, WNOHANG) == 0) co_await troupe::sleep_for(1ms);
    CHECK(WEXITSTATUS(status) == 5);  // what the program itself waits for is left to it
    co_await until_gone(orphan);
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

}  // namespace

TEST_CASE("watching: an actor that ends while a debugger holds it has ended, and is collected later") {
    watched(ends_under_a_debugger(way::killed));
    watched(ends_under_a_debugger(way::returned));
}
TEST_CASE("watching: an end is seen while others say something to the keeper all the time") {
    watched(ends_in_a_flood());
}
TEST_CASE("watching: orphans of actors that become children of the program are collected") {
    watched(orphan_is_collected());
}
