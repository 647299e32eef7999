// Deadlines of handlers, and what does not count: a stop of the whole program, a debugger, the handler after the late
// one.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <utility>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "process/crash_handler.hpp"
#include "process/tracer.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::task;

struct ping {
    using reply = int;
};
// Whose handler lasts until somebody puts something into the queue.
struct wait_for {
    using reply = int;
    troupe::queue<int> begun, go_on;
};
task<> worker(troupe::mailbox<ping, wait_for> inbox) {
    co_await inbox.serve([](ping) { return 1; },
                         [](wait_for m) -> task<int> {
                             co_await m.begun.put(1);
                             const auto number = co_await m.go_on.get();
                             co_return number.value();
                         });
}

// So many deadlines have passed when this returns: one hung actor after the other was killed.
task<> deadlines_pass(std::chrono::nanoseconds deadline, int times) {
    for (int i = 0; i < times; ++i) {
        const auto one = co_await troupe::spawn<worker>({.name = "clock", .message_deadline = deadline});
        bool killed = false;
        try {
            co_await one.ask(wait_for{});
        } catch (const troupe::actor_died& death) {
            killed = death.status().hung();
        }
        CHECK(killed);
    }
}

task<> ends_well(troupe::actor<ping, wait_for> one) {
    const int answered = co_await one.ask(ping{});
    CHECK(answered == 1);
    one.stop();
    const auto end = co_await one.join();
    CHECK(end.success());
}

task<> asks(troupe::actor<ping, wait_for> one, wait_for question, int number) {
    const int answered = co_await one.ask(question);
    CHECK(answered == number);
}
task<> ends_handler(wait_for question, task<> meanwhile, int number) {
    co_await question.begun.get();
    co_await std::move(meanwhile);
    co_await question.go_on.put(number);
}
// While `meanwhile` runs, it is in one handler.
task<> handles(troupe::actor<ping, wait_for> one, task<> meanwhile) {
    constexpr int number = 7;
    const wait_for question;
    co_await troupe::when_all(asks(one, question, number), ends_handler(question, std::move(meanwhile), number));
}

task<> longest_deadline() {
    for (const auto deadline :
         {std::chrono::nanoseconds(std::chrono::hours(24 * 365 * 200)), std::chrono::nanoseconds::max()}) {
        const auto one = co_await troupe::spawn<worker>({.name = "patient", .message_deadline = deadline});
        co_await handles(one, deadlines_pass(20ms, 2));
        co_await ends_well(one);
    }
}

task<> told_of_another_handler() {
    const auto one = co_await troupe::spawn<worker>({.message_deadline = 1h});
    const sigval another{.sival_int = 1};
    ::sigqueue(one.pid(), troupe::process::stack_dump_signal, another);
    ::kill(one.pid(), troupe::process::stack_dump_signal);
    co_await ends_well(one);
}

// All of the program stands still.
task<> stop_of(pid_t program, pid_t actor, timespec length) {
    const pid_t freezer = fork();
    if (freezer == 0) {
        ::kill(program, SIGSTOP);
        ::kill(actor, SIGSTOP);
        nanosleep(&length, nullptr);
        ::kill(actor, SIGCONT);
        ::kill(program, SIGCONT);
        _exit(0);
    }
    // It was stopped and goes on when the freezer has ended.
    while (waitpid(freezer, nullptr, WNOHANG) == 0) co_await troupe::sleep_for(1ms);
}

task<> stopped_in_a_handler() {
    const auto one = co_await troupe::spawn<worker>({.name = "frozen", .message_deadline = 2s});
    constexpr timespec two_deadlines{4, 0};
    co_await handles(one, [](pid_t actor, timespec length) -> task<> {
        co_await deadlines_pass(500ms, 1);  // the keeper has seen the handler by then
        co_await stop_of(getpid(), actor, length);
    }(one.pid(), two_deadlines));
    co_await ends_well(one);
}

task<> traced_in_a_handler() {
    constexpr auto deadline = 50ms;
    const auto one = co_await troupe::spawn<worker>({.name = "traced", .message_deadline = deadline});
    {
        const testing::tracer debugger(one.pid());
        if (!debugger.attached()) {
            WARN("not tested: this system does not let one process trace another");
        } else {
            co_await handles(one, deadlines_pass(deadline, 3));
        }
    }
    co_await ends_well(one);  // once nobody looks: a sanitizer finds no leaks in a process that is traced
}

}  // namespace

TEST_CASE("deadline: the longest duration there is means never") { watched(longest_deadline()); }
TEST_CASE("deadline: who is judged for a handler that is over goes on with the next one") {
    watched(told_of_another_handler());
}
TEST_CASE("deadline: the time for which the whole program was stopped does not count") {
    watched(stopped_in_a_handler());
}
TEST_CASE("deadline: an actor that a debugger looks at has none") { watched(traced_in_a_handler()); }
