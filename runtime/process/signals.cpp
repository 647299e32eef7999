#include "process/signals.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

namespace troupe::process {
namespace {

constexpr std::array caught_signals{SIGINT, SIGTERM};
constexpr std::array signals_of_group{SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT};

volatile std::sig_atomic_t ending = 0;
volatile std::sig_atomic_t interrupts = 0;
int bell = -1;
bool is_program = false;

// It comes once more, as if nobody had caught it, when the handler has returned.
void let_it_end_this(int signal) noexcept {
    struct sigaction plain{};
    plain.sa_handler = SIG_DFL;
    sigaction(signal, &plain, nullptr);
    raise(signal);
    if (getpid() == 1) _exit(128 + signal);  // whom no signal ends
}

void on_signal(int signal, siginfo_t* about, void*) {
    const int saved = errno;
    if (is_program || signal == SIGTERM) {
        if (ending == 0) {
            ending = signal;
            ring_own_doorbell();
        } else if (signal == SIGINT) {
            let_it_end_this(signal);
        }
    } else if (about->si_code != SI_KERNEL) {  // not a terminal's Ctrl-C
        interrupts = 1;
        ring_own_doorbell();
    }
    errno = saved;
}

void on_group_signal(int signal, siginfo_t* about, void*) {
    const int saved = errno;
    if (signal == SIGQUIT && about->si_code != SI_KERNEL) let_it_end_this(signal);  // sent to this process: a core
    errno = saved;
}

// What main, or the process that this one is a copy of, has chosen stays.
void catch_where_default(int signal, void (*action)(int, siginfo_t*, void*)) noexcept {
    struct sigaction now{};
    sigaction(signal, nullptr, &now);
    if ((now.sa_flags & SA_SIGINFO) != 0 || now.sa_handler != SIG_DFL) return;
    struct sigaction handler{};
    handler.sa_sigaction = action;
    handler.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(signal, &handler, nullptr);
}

}  // namespace

void ring_own_doorbell() noexcept {
    const std::uint64_t one = 1;
    if (bell >= 0) [[maybe_unused]]
        const ssize_t written = write(bell, &one, sizeof one);
}

void lose_doorbell() noexcept { bell = -1; }

void catch_signals_no_more() noexcept {
    lose_doorbell();
    const auto give_back = [](int signal, void (*action)(int, siginfo_t*, void*)) {
        struct sigaction now{};
        sigaction(signal, nullptr, &now);
        if ((now.sa_flags & SA_SIGINFO) == 0 || now.sa_sigaction != action) return;
        struct sigaction plain{};
        plain.sa_handler = SIG_DFL;
        sigaction(signal, &plain, nullptr);
    };
    for (const int signal : caught_signals) give_back(signal, &on_signal);
    for (const int signal : signals_of_group) give_back(signal, &on_group_signal);
}

signals_held::signals_held() noexcept {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before_);
}

signals_held::~signals_held() {
    if (holds_) let_signals_through(before_);
}

void let_signals_through(const sigset_t& before) noexcept { sigprocmask(SIG_SETMASK, &before, nullptr); }

void catch_signals(role role, int doorbell) noexcept {
    bell = doorbell;
    is_program = role == role::program;
    ending = 0;
    interrupts = 0;
    for (const int signal : caught_signals) catch_where_default(signal, &on_signal);
    if (!is_program) leave_group_signals_to_program();
}

sigset_t group_signals() noexcept {
    sigset_t all;
    sigemptyset(&all);
    sigaddset(&all, SIGINT);
    for (const int signal : signals_of_group) sigaddset(&all, signal);
    return all;
}

bool is_left_to_program(const struct sigaction& one) noexcept {
    return (one.sa_flags & SA_SIGINFO) != 0 && one.sa_sigaction == &on_group_signal;
}

void leave_group_signals_to_program() noexcept {
    for (const int signal : signals_of_group) catch_where_default(signal, &on_group_signal);
}

void let_group_signals_through() noexcept {
    const sigset_t all = group_signals();
    sigprocmask(SIG_UNBLOCK, &all, nullptr);
}

int ending_signal() noexcept { return ending; }

bool take_interrupt() noexcept {
    if (interrupts == 0) return false;
    interrupts = 0;
    return true;
}

void die_of(int signal) noexcept {
    struct sigaction plain{};
    plain.sa_handler = SIG_DFL;
    sigaction(signal, &plain, nullptr);
    sigset_t just_this;
    sigemptyset(&just_this);
    sigaddset(&just_this, signal);
    sigprocmask(SIG_UNBLOCK, &just_this, nullptr);
    raise(signal);
    _exit(128 + signal);
}

}  // namespace troupe::process
