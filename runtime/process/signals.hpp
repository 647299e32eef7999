// The signals that end an actor in good order.
//
// SIGTERM asks a process to unwind what it waits for; it then dies of SIGTERM. SIGINT from a terminal goes to every
// process of the foreground group: the program makes it one orderly stop, and the other actors ignore it. SIGINT that
// somebody sent to one actor (`kill -INT PID`) interrupts that actor. A handler does nothing but note the signal and
// ring the process's own doorbell. A program that has handlers of its own for a signal keeps them.
#pragma once

#include <csignal>

namespace troupe::process {

// All signals are held back while a child could run a handler of its parent. A copy of this process goes on with them
// held, and lets go by `let_signals_through` once its own handlers stand: what was sent to it meanwhile comes then.
class signals_held {
public:
    signals_held() noexcept;
    ~signals_held();
    signals_held(const signals_held&) = delete;
    signals_held& operator=(const signals_held&) = delete;

    const sigset_t& before() const noexcept { return before_; }

private:
    sigset_t before_{};
};

void let_signals_through(const sigset_t& before) noexcept;

enum class role { program, actor };

// Installs the handlers; they write to `doorbell`, an eventfd of this process.
void catch_signals(role role, int doorbell) noexcept;

// The signal that asked this process to end (SIGTERM, or SIGINT in the program); 0 for none.
int ending_signal() noexcept;
// True once for each SIGINT sent to this actor.
bool take_interrupt() noexcept;

// Dies of `signal`, as if nobody had caught it.
[[noreturn]] void die_of(int signal) noexcept;

}  // namespace troupe::process
