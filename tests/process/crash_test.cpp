// What is told of an actor that crashed: the signal, the address, where it was, and what it had used until then.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

// A sanitizer would tell of the fault before the CPU does.
#define TROUPE_TEST_FAULTY __attribute__((noinline, no_sanitize("address", "undefined")))

namespace {

using namespace std::chrono_literals;
using checks::contains;
using troupe::exit_status;
using troupe::spawn;
using troupe::task;

void leave_no_core() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

volatile int zero = 0;
int* volatile nowhere = nullptr;
void (*volatile no_function)() = nullptr;

TROUPE_TEST_FAULTY void write_to_nowhere() { *nowhere = 1; }
TROUPE_TEST_FAULTY void divide_by_zero() { zero = 7 / zero; }
#ifdef __aarch64__
TROUPE_TEST_FAULTY void execute_nonsense() { __asm__ volatile("udf #0"); }
TROUPE_TEST_FAULTY void stop_for_debugger() { __asm__ volatile("brk #0"); }
#else
TROUPE_TEST_FAULTY void execute_nonsense() { __asm__ volatile("ud2"); }
TROUPE_TEST_FAULTY void stop_for_debugger() { __asm__ volatile("int3"); }
#endif
TROUPE_TEST_FAULTY void call_nowhere() {
    no_function();
    zero = 0;
}
TROUPE_TEST_FAULTY int go_deeper(int depth) {
    volatile char room[500];
    room[0] = static_cast<char>(depth);
    return depth < 0 ? room[0] : go_deeper(depth + 1) + room[0];
}

enum class fault {
    nowhere,
    division,
    nonsense,
    trap,
    abort,
    call,
    overrun,
    in_handler,
    in_destructor,
    at_exit,
    thread
};

class falls_over {
public:
    ~falls_over() {
        write_to_nowhere();
        zero = 0;  // so that the call is not the last thing, which would leave no frame
    }
};

void fault_in_handler(int) {
    write_to_nowhere();
    zero = 0;
}

void crash(fault which) {
    leave_no_core();
    switch (which) {
    case fault::nowhere: write_to_nowhere(); break;
    case fault::division: divide_by_zero(); break;
    case fault::nonsense: execute_nonsense(); break;
    case fault::trap: stop_for_debugger(); break;
    case fault::abort: std::abort();
    case fault::call: call_nowhere(); break;
    case fault::overrun: go_deeper(0); break;
    case fault::in_handler:
        std::signal(SIGUSR1, &fault_in_handler);
        raise(SIGUSR1);
        break;
    case fault::in_destructor: {
        const falls_over one;
        break;
    }
    case fault::at_exit: std::atexit(&write_to_nowhere); break;
    case fault::thread: {
        pthread_t other;
        pthread_create(
            &other, nullptr,
            [](void*) -> void* {
                write_to_nowhere();
                return nullptr;
            },
            nullptr);
        pthread_join(other, nullptr);
        break;
    }
    }
}

void handled(int) { _exit(33); }
void handle_it_itself() {
    std::signal(SIGSEGV, &handled);
    write_to_nowhere();
}

// A copy of the actor is another process, and its crash is not the actor's.
int crash_in_own_fork() {
    leave_no_core();
    const pid_t copy = fork();
    if (copy == 0) {
        write_to_nowhere();
        _exit(0);
    }
    int status = 0;
    waitpid(copy, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV ? 12 : 13;
}

task<> crash_when_told(troupe::mailbox<fault> inbox) {
    while (const auto which = co_await inbox.receive()) crash(*which);
}

int keep_busy(std::chrono::milliseconds time, std::size_t bytes) {
    const std::vector<char> memory(bytes, 'x');
    const auto used = [] {
        timespec now{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
    };
    while (used() < time) {
    }
    return memory.empty() || memory.back() == 'x' ? 0 : 1;
}

template <auto Fn, class... Args>
task<exit_status> end_of(Args... args) {
    const auto one = co_await spawn<Fn>(std::move(args)...);
    co_return co_await one.join();
}
exit_status end_by(fault which) { return watched(end_of<crash>(which)); }

task<exit_status> end_by_message(fault which) {
    const auto one = co_await spawn<crash_when_told>();
    co_await one.send(which);
    co_return co_await one.join();
}

[[maybe_unused]] bool was_in(const exit_status& status, const std::string& function) {
    const auto stack = status.stack();
    return std::any_of(stack.begin(), stack.end(), [&](const troupe::stack_frame& frame) {
        return frame.function.find(function) != std::string::npos;
    });
}

// Holds where the library was built with libdw.
#ifdef TROUPE_SYMBOLS
    #define CHECK_WAS_IN(status, function) CHECK(was_in(status, function))
#else
    #define CHECK_WAS_IN(status, function) CHECK_FALSE((status).stack().empty())
#endif

}  // namespace

TEST_CASE("crash: a write through a null pointer tells its address") {
    const exit_status status = end_by(fault::nowhere);
    CHECK(status.signal() == SIGSEGV);
    CHECK(status.signal_code() == SEGV_MAPERR);
    CHECK(status.fault_address() == 0);
    CHECK_FALSE(status.stack_overflow());
    CHECK_WAS_IN(status, "write_to_nowhere()");
    CHECK_THAT(to_string(status), contains("was ended by signal 11 (SIGSEGV) at address 0x0 in "));
}

TEST_CASE("crash: every frame says in which file it is, and at which place") {
    const exit_status status = end_by(fault::nowhere);
    REQUIRE(status.stack().size() > 3);
    CHECK_THAT(status.stack().front().module, contains("test_process"));
    CHECK(status.stack().front().offset > 0);
}

#ifdef TROUPE_SYMBOLS
TEST_CASE("crash: the frame it was in has its function, file and line") {
    const auto stack = end_by(fault::nowhere).stack();
    REQUIRE_FALSE(stack.empty());
    CHECK_THAT(stack.front().function, contains("write_to_nowhere()"));
    CHECK_THAT(stack.front().file, contains("crash_test.cpp"));
    CHECK(stack.front().line > 0);
    CHECK_THAT(to_string(end_by(fault::nowhere)), contains("write_to_nowhere() (crash_test.cpp:"));
}

TEST_CASE("crash: the sentence names the program's own function, not the one that raised the signal") {
    CHECK_THAT(to_string(end_by(fault::abort)), contains("signal 6 (SIGABRT) in (anonymous namespace)::crash("));
}
#endif

#ifndef __aarch64__  // which gives 0
TEST_CASE("crash: a division by zero is told as such") {
    const exit_status division = end_by(fault::division);
    CHECK(division.signal() == SIGFPE);
    CHECK(division.signal_code() == FPE_INTDIV);
    CHECK(division.fault_address() != 0);
    CHECK_WAS_IN(division, "divide_by_zero()");
}
#endif

TEST_CASE("crash: nonsense in the code, a breakpoint and abort are told apart") {
    const exit_status nonsense = end_by(fault::nonsense);
    CHECK(nonsense.signal() == SIGILL);
    CHECK_WAS_IN(nonsense, "execute_nonsense()");
    const exit_status trap = end_by(fault::trap);
    CHECK(trap.signal() == SIGTRAP);
    CHECK_WAS_IN(trap, "stop_for_debugger()");
    const exit_status aborted = end_by(fault::abort);
    CHECK(aborted.signal() == SIGABRT);
    CHECK_WAS_IN(aborted, "crash(");
}

TEST_CASE("crash: a call of a null pointer tells who made it") {
    const exit_status status = end_by(fault::call);
    CHECK(status.signal() == SIGSEGV);
    CHECK(status.fault_address() == 0);
    CHECK_WAS_IN(status, "call_nowhere()");
}

TEST_CASE("crash: an overrun of the stack is named as such") {
    const exit_status status = end_by(fault::overrun);
    CHECK(status.signal() == SIGSEGV);
    CHECK(status.stack_overflow());
    CHECK(status.stack().size() >= 32);
    CHECK_WAS_IN(status, "go_deeper(int)");
    CHECK_THAT(to_string(status), contains("overran its stack (signal 11, SIGSEGV)"));
}

TEST_CASE("crash: one inside a signal handler is told with the handler") {
    const exit_status status = end_by(fault::in_handler);
    CHECK(status.signal() == SIGSEGV);
    CHECK_WAS_IN(status, "fault_in_handler(int)");
    CHECK_WAS_IN(status, "crash(");
}

TEST_CASE("crash: one inside a destructor is told with the destructor") {
    const exit_status status = end_by(fault::in_destructor);
    CHECK(status.signal() == SIGSEGV);
    CHECK_WAS_IN(status, "falls_over()");
}

TEST_CASE("crash: one in an exit handler is told too") {
    const exit_status status = end_by(fault::at_exit);
    CHECK(status.signal() == SIGSEGV);
    CHECK_WAS_IN(status, "write_to_nowhere()");
}

TEST_CASE("crash: one of another thread is the actor's") {
    const exit_status status = end_by(fault::thread);
    CHECK(status.signal() == SIGSEGV);
    CHECK_WAS_IN(status, "write_to_nowhere()");
}

TEST_CASE("crash: one while a message is handled is told like any other") {
    const exit_status status = watched(end_by_message(fault::nonsense));
    CHECK(status.signal() == SIGILL);
    CHECK_WAS_IN(status, "crash_when_told");
}

TEST_CASE("crash: a handler of the program's own is kept") {
    const exit_status status = watched(end_of<handle_it_itself>());
    CHECK(status.code() == 33);
    CHECK(status.stack().empty());
}

TEST_CASE("crash: that of a copy the actor made of itself is not the actor's") {
    const exit_status status = watched(end_of<crash_in_own_fork>());
    CHECK(status.code() == 12);
    CHECK(status.stack().empty());
}

TEST_CASE("crash: the report has the program's own calls, a line each, and counts those of troupe and of the system") {
    const exit_status status = end_by(fault::nowhere);
    const std::string text = report(status);
    CHECK_THAT(text, contains("signal 11 (SIGSEGV)") && contains("#0  ") && contains(" frames of troupe, ") &&
                         contains("memory at most"));
    CHECK(std::count(text.begin(), text.end(), '\n') < static_cast<std::ptrdiff_t>(status.stack().size()));
}

TEST_CASE("exit status: the memory an actor took and the CPU time it used are told, also when nothing went wrong") {
    const std::size_t bytes = std::size_t{100} << 20;
    const exit_status status = watched(end_of<keep_busy>(200ms, bytes));
    CHECK(status.success());
    CHECK(status.peak_memory() > bytes);
    CHECK(status.cpu_time() >= 200ms);
    CHECK(watched(end_of<keep_busy>(0ms, 0)).cpu_time() < 200ms);
}
