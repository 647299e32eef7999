#include "inspect/held_process.hpp"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>
#include <thread>

#include "base/clock.hpp"
#include "inspect/failure.hpp"
#include "inspect/host_process.hpp"
#include "inspect/other_memory.hpp"

namespace troupe::inspect {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_stack = std::size_t{256} << 10;
constexpr std::size_t red_zone = 128;  // of x86-64: what a function that calls nothing may use below its stack
constexpr auto most_wait = 2s;         // for a process that waits for its disk, and cannot be interrupted
constexpr int most_looks = 100;        // at a process that a debugger stops and continues
constexpr int withheld_from_all = 3;   // of Yama

char state_of(pid_t pid) {
    const auto process = read_process(pid);
    return process ? process->state : '?';
}

std::string command_of(pid_t pid) {
    std::string name = read_small_file("/proc/" + std::to_string(pid) + "/comm").value_or("");
    while (!name.empty() && name.back() == '\n') name.pop_back();
    return name;
}

// Registers as the kernel gives them, in the numbers of DWARF.
#if defined(__x86_64__)
void take_registers(const user_regs_struct& all, standing& here) {
    here.registers = {all.rax, all.rdx, all.rcx, all.rbx, all.rsi, all.rdi, all.rbp, all.rsp, all.r8,
                      all.r9,  all.r10, all.r11, all.r12, all.r13, all.r14, all.r15, all.rip};
    here.instruction = all.rip;
    here.stack_pointer = all.rsp;
}
#elif defined(__aarch64__)
void take_registers(const user_regs_struct& all, standing& here) {
    here.registers.assign(std::begin(all.regs), std::end(all.regs));
    here.registers.push_back(all.sp);
    here.instruction = all.pc;
    here.stack_pointer = all.sp;
}
#else
    #error "troupe: say here where the registers of this machine are"
#endif

void take_stack(pid_t pid, standing& here) {
    here.stack_begin = here.stack_pointer - red_zone;
    here.stack = other_memory(pid).bytes_at(here.stack_begin, most_stack);
}

[[noreturn]] void refuse(pid_t pid, const std::string& name, int error) {
    const std::string number = std::to_string(pid);
    if (error == ESRCH) throw failure("process " + number + " ended before its stack was read");
    std::ifstream file("/proc/sys/kernel/yama/ptrace_scope");
    int scope = 0;
    const std::string what = "reading the stack of " + number + " needs the right to trace it, which ";
    if (!(file >> scope) || scope == 0) {
        throw failure(what + "this user does not have (" + std::strerror(error) + "): sudo troupe stack " + name);
    }
    const std::string yama = "Yama withholds";
    if (scope >= withheld_from_all) {
        throw failure(what + yama + " from everybody until the next start of the system (ptrace_scope " +
                      std::to_string(scope) + ")");
    }
    throw failure(what + yama + " (ptrace_scope " + std::to_string(scope) + "): sudo troupe stack " + name);
}

// Holds a process that it has seized, from when it stands still until it is let go.
class tracer {
public:
    explicit tracer(pid_t pid) noexcept : pid_(pid) {}
    tracer(const tracer&) = delete;
    tracer& operator=(const tracer&) = delete;
    ~tracer() { let_go(); }

    // An errno; 0: it is seized.
    int seize() noexcept { return ptrace(PTRACE_SEIZE, pid_, nullptr, nullptr) == 0 ? 0 : errno; }

    void stop() {
        if (ptrace(PTRACE_INTERRUPT, pid_, nullptr, nullptr) != 0) ended();
        const auto give_up_at = base::steady_clock::now() + most_wait;
        for (int status = 0;;) {
            const pid_t found = waitpid(pid_, &status, __WALL | WNOHANG);
            if (found == pid_) return stopped_as(status);
            if (found < 0 && errno != EINTR) ended();
            if (base::steady_clock::now() > give_up_at) {
                throw failure("process " + std::to_string(pid_) + " waits in the system and cannot be interrupted " +
                              "(state " + state_of(pid_) + "): ask again later");
            }
            std::this_thread::sleep_for(50us);
        }
    }

    void read_registers(standing& here) const {
        user_regs_struct all{};
        iovec into{&all, sizeof all};
        // NOLINTNEXTLINE(performance-no-int-to-ptr): ptrace takes the kind of registers as a pointer
        if (ptrace(PTRACE_GETREGSET, pid_, reinterpret_cast<void*>(NT_PRSTATUS), &into) != 0) ended();
        take_registers(all, here);
    }

    void let_go() noexcept {
        if (!stopped_) return;
        stopped_ = false;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): ptrace takes the signal as a pointer
        ptrace(PTRACE_DETACH, pid_, nullptr, reinterpret_cast<void*>(static_cast<std::intptr_t>(signal_)));
    }

private:
    // It may have been stopped by a signal that was on its way: that is passed on when it is let go.
    void stopped_as(int status) {
        if (!WIFSTOPPED(status)) ended();
        stopped_ = true;
        signal_ = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
    }
    [[noreturn]] void ended() const {
        throw failure("process " + std::to_string(pid_) + " ended while its stack was read");
    }

    pid_t pid_;
    int signal_ = 0;
    bool stopped_ = false;
};

// What /proc/PID/syscall says of a thread that does not run; empty for one that does.
struct quiet_place {
    std::uint64_t instruction = 0, stack_pointer = 0;
    bool operator==(const quiet_place&) const = default;
};
std::optional<quiet_place> quiet_place_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/syscall");
    std::vector<std::string> words;
    for (std::string word; file >> word;) words.push_back(word);
    if (words.size() < 3) return std::nullopt;  // "running"
    quiet_place found;
    found.stack_pointer = std::strtoull(words[words.size() - 2].c_str(), nullptr, 16);
    found.instruction = std::strtoull(words.back().c_str(), nullptr, 16);
    return found;
}

// Of a process that a debugger traces. It is read until it stood in one place from the beginning to the end.
standing read_traced(pid_t pid, pid_t debugger, const std::function<void()>& meanwhile) {
    for (int i = 0; i < most_looks; ++i) {
        const auto before = quiet_place_of(pid);
        if (!before) break;
        standing here;
        here.instruction = before->instruction;
        here.stack_pointer = before->stack_pointer;
        take_stack(pid, here);
        meanwhile();
        if (quiet_place_of(pid) == before) return here;
    }
    throw failure("process " + std::to_string(pid) + " is traced by " + command_of(debugger) + " (pid " +
                  std::to_string(debugger) + ") and runs: interrupt it there, then ask again");
}

standing hold_here(pid_t pid, const std::string& name, const std::function<void()>& meanwhile) {
    const char state = state_of(pid);
    tracer held(pid);
    standing here;
    const auto began = base::steady_clock::now();
    if (const int error = held.seize(); error != 0) {
        const auto process = read_process(pid);
        const pid_t debugger = process ? process->tracer : 0;
        if (debugger == 0) refuse(pid, name, error);
        here = read_traced(pid, debugger, meanwhile);
    } else {
        held.stop();
        held.read_registers(here);
        take_stack(pid, here);
        meanwhile();
        held.let_go();
        here.held_ms = std::chrono::duration<double, std::milli>(base::steady_clock::now() - began).count();
    }
    here.state = state;
    return here;
}

}  // namespace

standing hold(pid_t pid, const std::string& name, const std::function<void()>& meanwhile) {
    standing here;
    std::exception_ptr failed;
    std::thread holder([&] {
        try {
            here = hold_here(pid, name, meanwhile);
        } catch (...) {
            failed = std::current_exception();
        }
    });
    holder.join();
    if (failed) std::rethrow_exception(failed);
    return here;
}

}  // namespace troupe::inspect
