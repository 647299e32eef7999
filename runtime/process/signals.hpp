// The signals that end an actor in good order.
//
// SIGTERM asks a process to unwind what it waits for; it then dies of SIGTERM. SIGINT from a terminal goes to every
// process of the foreground group: the program makes it one orderly stop, and the other actors ignore it. SIGINT that
// somebody sent to one actor (`kill -INT PID`) interrupts that actor. A handler does nothing but note the signal and
// ring the process's own doorbell. A program that has handlers of its own for a signal keeps them.
//
// A SIGTERM that comes while a process unwinds is the same request once more, the group's or a repeated one, and cuts
// nothing off: whoever gave a budget ends what outlives it. A second Ctrl-C is a person who wants the end now.
//
// SIGHUP, SIGUSR1, SIGUSR2 and the SIGQUIT of a terminal are sent to whole groups as well. They are the program's, and
// do nothing in the others: by handlers that return, because a user's exec would inherit an ignored signal, and a
// blocked one.
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

    // In the copy: the mask for `let_signals_through`.
    sigset_t hand_over() noexcept {
        holds_ = false;
        return before_;
    }

private:
    sigset_t before_{};
    bool holds_ = true;
};

void let_signals_through(const sigset_t& before) noexcept;

enum class role { program, actor };

// What an exec'd process holds back until `let_group_signals_through`: what is sent to groups, a Ctrl-C among it.
sigset_t group_signals() noexcept;
// In an actor and in the forkserver: from now on they do nothing there, where main left the default.
void leave_group_signals_to_program() noexcept;
void let_group_signals_through() noexcept;

// Whether a handler is the one with which `leave_group_signals_to_program` does so.
bool is_left_to_program(const struct sigaction& one) noexcept;

// What a handler may do. Nothing where this process has no doorbell.
void ring_own_doorbell() noexcept;
// Before that doorbell is closed.
void lose_doorbell() noexcept;
// In the child of a fork: what `catch_signals` has set is as it was before, the default.
void catch_signals_no_more() noexcept;

// Installs the handlers; they write to `doorbell`, an eventfd of this process.
void catch_signals(role role, int doorbell) noexcept;

// The signal that asked this process to end (SIGTERM, or SIGINT in the program); 0 for none.
int ending_signal() noexcept;
// True once for each SIGINT sent to this actor.
bool take_interrupt() noexcept;

// Dies of `signal`, as if nobody had caught it.
[[noreturn]] void die_of(int signal) noexcept;

}  // namespace troupe::process
