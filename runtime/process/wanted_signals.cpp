#include "process/wanted_signals.hpp"

#include <string.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string>

#include <troupe/error.hpp>

#include "process/signals.hpp"

namespace troupe::process {
namespace {

constexpr int signals = NSIG;
constexpr std::array of_crashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};

struct wanted {
    unsigned by = 0;
    struct sigaction before{};
};
std::array<wanted, signals> all;
std::array<std::atomic<std::uint32_t>, signals> times;

// Called in whichever thread the kernel chose.
void count_and_ring(int signal) {
    const int saved = errno;
    // relaxed: the doorbell is rung after it, and whoever is woken by that sees it
    times[static_cast<std::size_t>(signal)].fetch_add(1, std::memory_order_relaxed);
    ring_own_doorbell();
    errno = saved;
}

std::string name_of(int signal) {
    const char* name = sigabbrev_np(signal);
    return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(signal);
}

struct sigaction action_for(int signal) noexcept {
    struct sigaction now{};
    sigaction(signal, nullptr, &now);
    return now;
}

bool is_ours(const struct sigaction& one) noexcept {
    return (one.sa_flags & SA_SIGINFO) == 0 && one.sa_handler == &count_and_ring;
}

void refuse_impossible(int signal) {
    if (signal < 1 || signal >= signals) throw misuse("there is no signal " + std::to_string(signal));
    const std::string name = name_of(signal);
    if (signal == SIGINT || signal == SIGTERM) {
        throw misuse(name +
                     " cannot be waited for, because it ends this process in good order: catch troupe::cancelled "
                     "to clean up");
    }
    if (signal == SIGKILL || signal == SIGSTOP) throw misuse(name + " cannot be waited for: no process can catch it");
    if (std::find(of_crashes.begin(), of_crashes.end(), signal) != of_crashes.end()) {
        throw misuse(name +
                     " cannot be waited for, because it is that of a crash: let the actor crash, and have a "
                     "supervisor start it again");
    }
}

}  // namespace

void want_signal(int signal) {
    refuse_impossible(signal);
    wanted& one = all[static_cast<std::size_t>(signal)];
    if (one.by == 0) {
        const struct sigaction now = action_for(signal);
        const bool free = (now.sa_flags & SA_SIGINFO) == 0 && (now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN);
        if (!free && !is_left_to_program(now)) {
            throw misuse("this process has a handler of its own for " + name_of(signal) +
                         ", which troupe::signals would replace: use one of the two");
        }
        struct sigaction handler{};
        handler.sa_handler = &count_and_ring;
        handler.sa_flags = SA_RESTART;
        if (sigaction(signal, &handler, nullptr) != 0) {
            throw misuse(name_of(signal) + " cannot be waited for: the C library keeps it for itself");
        }
        one.before = now;
    }
    ++one.by;
}

void want_signal_no_more(int signal) noexcept {
    wanted& one = all[static_cast<std::size_t>(signal)];
    if (one.by == 0 || --one.by != 0) return;
    if (is_ours(action_for(signal))) sigaction(signal, &one.before, nullptr);
}

std::uint32_t times_signalled(int signal) noexcept {
    // relaxed: whoever misses one that comes just now is rung after it
    return times[static_cast<std::size_t>(signal)].load(std::memory_order_relaxed);
}

void forget_wanted_signals() noexcept {
    for (int signal = 1; signal < signals; ++signal) {
        wanted& one = all[static_cast<std::size_t>(signal)];
        if (one.by == 0) continue;
        one.by = 0;
        sigaction(signal, &one.before, nullptr);
    }
}

}  // namespace troupe::process
