#include "prove/tracee.hpp"

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace proving {
namespace {

constexpr std::uint8_t int3 = 0xcc;
constexpr int every_kind = __WALL;

void* as_pointer(std::uint64_t value) { return reinterpret_cast<void*>(value); }

}  // namespace

bool tracee::seize(pid_t pid, follow whom) {
    std::uint64_t options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
    if (whom == follow::children) options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    return ptrace(PTRACE_SEIZE, pid, nullptr, as_pointer(options)) == 0;
}

void tracee::follow_nobody() const {
    ptrace(PTRACE_SETOPTIONS, pid_, nullptr, as_pointer(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC));
}

halt tracee::interrupt() {
    ptrace(PTRACE_INTERRUPT, pid_, nullptr, nullptr);
    return wait();
}

halt tracee::wait() {
    for (;;) {
        int status = 0;
        const pid_t pid = pid_;
        if (waitpid(pid, &status, every_kind) != pid) {
            if (errno == EINTR) continue;
            pid_ = 0;
            return {};
        }
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            pid_ = 0;
            return {.what = halt::kind::gone, .status = status};
        }
        const int signal = WSTOPSIG(status);
        const int event = status >> 16;
        if (signal == (SIGTRAP | 0x80)) return {.what = halt::kind::syscall};
        if (event == PTRACE_EVENT_STOP) {
            if (signal == SIGTRAP) return {.what = halt::kind::stopped};
            ptrace(PTRACE_LISTEN, pid, nullptr, nullptr);  // stopped by a signal: until another lets it go on
            continue;
        }
        if (event == PTRACE_EVENT_EXEC) return {.what = halt::kind::exec};
        if (event != 0) {
            halt born{.what = halt::kind::born};
            ptrace(PTRACE_GETEVENTMSG, pid, nullptr, &born.message);
            return born;
        }
        if (signal == SIGTRAP) return {.what = halt::kind::trap};
        signal_ = signal;
        return {.what = halt::kind::stopped, .status = status};
    }
}

halt tracee::go(int request) {
    const bool lends = borrows_memory_ && !breaks_.empty();
    if (lends && request == PTRACE_SINGLESTEP && about_to_execute()) lift_breaks();
    const int asked = lends && request == PTRACE_CONT ? static_cast<int>(PTRACE_SYSCALL) : request;
    for (;;) {
        if (gone()) return {};
        ptrace(static_cast<__ptrace_request>(asked), pid_, nullptr,
               as_pointer(static_cast<std::uint64_t>(std::exchange(signal_, 0))));
        const halt now = wait();
        if (now.what == halt::kind::exec) borrows_memory_ = lifted_ = false;
        if (now.what == halt::kind::syscall && lends) {
            if (std::exchange(lifted_, false)) {
                plant_breaks();  // nothing was executed
            } else if (entered_execution()) {
                lift_breaks();
                lifted_ = true;
            }
            if (request == PTRACE_CONT) continue;
        }
        // A signal on its way, or an interrupt that came late: not what was waited for.
        if (now.what != halt::kind::stopped) return now;
    }
}

namespace {

bool executes(std::uint64_t system_call) { return system_call == SYS_execve || system_call == SYS_execveat; }

}  // namespace

bool tracee::about_to_execute() const {
    constexpr std::uint64_t syscall_instruction = 0x050f;
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, pid_, nullptr, &registers);
    return executes(registers.rax) && (text_at(registers.rip) & 0xffff) == syscall_instruction;
}

bool tracee::entered_execution() const {
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, pid_, nullptr, &registers);
    return executes(registers.orig_rax) && static_cast<std::int64_t>(registers.rax) == -ENOSYS;
}

void tracee::lift_breaks() const {
    for (const auto& [address, byte] : breaks_) poke(address, (text_at(address) & ~std::uint64_t{0xff}) | byte);
}

void tracee::plant_breaks() const {
    for (const auto& [address, byte] : breaks_) poke(address, (text_at(address) & ~std::uint64_t{0xff}) | int3);
}

halt tracee::step() { return go(PTRACE_SINGLESTEP); }
halt tracee::run() { return go(PTRACE_CONT); }
halt tracee::run_to_system_call() { return go(PTRACE_SYSCALL); }

std::uint64_t tracee::position() const {
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, pid_, nullptr, &registers);
    return registers.rip;
}

std::uint64_t tracee::top_of_stack() const {
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, pid_, nullptr, &registers);
    return text_at(registers.rsp);
}

void tracee::step_back() {
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, pid_, nullptr, &registers);
    if (!breaks_at(registers.rip - 1)) return;
    --registers.rip;
    ptrace(PTRACE_SETREGS, pid_, nullptr, &registers);
}

std::uint64_t tracee::text_at(std::uint64_t address) const {
    errno = 0;
    return static_cast<std::uint64_t>(ptrace(PTRACE_PEEKTEXT, pid_, as_pointer(address), nullptr));
}

void tracee::poke(std::uint64_t address, std::uint64_t word) const {
    ptrace(PTRACE_POKETEXT, pid_, as_pointer(address), as_pointer(word));
}

void tracee::set_break(std::uint64_t address) {
    const std::uint64_t word = text_at(address);
    breaks_.emplace(address, static_cast<std::uint8_t>(word));
    poke(address, (word & ~std::uint64_t{0xff}) | int3);
}

void tracee::take_break(std::uint64_t address) {
    const auto found = breaks_.find(address);
    if (found == breaks_.end()) return;
    poke(address, (text_at(address) & ~std::uint64_t{0xff}) | found->second);
    breaks_.erase(found);
}

void tracee::take_all_breaks() {
    while (!breaks_.empty()) take_break(breaks_.begin()->first);
}

void tracee::set_all_breaks_again() {
    const auto before = std::exchange(breaks_, {});
    for (const auto& [address, byte] : before) set_break(address);
}

void tracee::kill() {
    if (gone()) return;
    take_all_breaks();
    ::kill(pid_, SIGKILL);
    while (wait().what != halt::kind::gone) ptrace(PTRACE_CONT, pid_, nullptr, nullptr);
}

void tracee::detach() {
    if (gone()) return;
    step_back();
    take_all_breaks();
    ptrace(PTRACE_DETACH, std::exchange(pid_, 0), nullptr,
           as_pointer(static_cast<std::uint64_t>(std::exchange(signal_, 0))));
}

}  // namespace proving
