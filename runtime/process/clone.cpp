#include "process/clone.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/valgrind.hpp"
#include "process/birthmark.hpp"
#include "process/old_clone.hpp"
#include "process/pidfd.hpp"
#include "process/signals.hpp"

#ifndef CLOSE_RANGE_UNSHARE
    #include <linux/close_range.h>
#endif

namespace troupe::process {
namespace {

// Where the C library keeps the thread id of the main thread; a copy must get its own. Null where the kernel does not
// tell.
void* thread_id_address() noexcept {
    int* address = nullptr;
#ifdef PR_GET_TID_ADDRESS
    if (prctl(PR_GET_TID_ADDRESS, &address, 0, 0, 0) != 0) return nullptr;
#endif
    return address;
}

// `pidfd` may be null: none is wanted.
clone_args arguments_for(parentage parentage, std::atomic<std::int32_t>* pid_word, int* pidfd) noexcept {
    clone_args args{};
    if (pidfd != nullptr) {
        args.flags = CLONE_PIDFD;
        args.pidfd = reinterpret_cast<std::uint64_t>(pidfd);
    }
    if (pid_word != nullptr) {
        args.flags |= CLONE_PARENT_SETTID;
        args.parent_tid = reinterpret_cast<std::uint64_t>(pid_word);
    }
    if (parentage == parentage::sibling) {
        args.flags |= CLONE_PARENT;  // and no exit signal of its own: the kernel takes the caller's
    } else {
        args.exit_signal = SIGCHLD;
    }
    return args;
}

struct exec_state {
    const exec_request* request;
    int error;
};

constexpr std::size_t child_stack_bytes = 64 * 1024;
constexpr int first_passed = 3;

// Runs in the child on a stack of its own, in the parent's memory; the parent waits. Never returns.
[[noreturn]] void exec_child(void* argument) noexcept {
    auto* state = static_cast<exec_state*>(argument);
    const exec_request& request = *state->request;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    stamp_birthmark(request.environment);
    if (request.directory >= 0 && !enter(request.directory)) {
        state->error = errno;
        _exit(127);
    }
    drop_handlers();
    // First out of the way, then to their places: the numbers may overlap.
    std::array<int, 16> away{};
    const int count = static_cast<int>(request.descriptors.size());
    for (int i = 0; i < count; ++i) {
        away[static_cast<std::size_t>(i)] =
            fcntl(request.descriptors[static_cast<std::size_t>(i)], F_DUPFD_CLOEXEC, first_passed + count);
        if (away[static_cast<std::size_t>(i)] < 0) {
            state->error = errno;
            _exit(127);
        }
    }
    for (int i = 0; i < count; ++i) {
        if (dup2(away[static_cast<std::size_t>(i)], first_passed + i) < 0) {
            state->error = errno;
            _exit(127);
        }
    }
    detach_input();
    if (syscall(SYS_close_range, static_cast<unsigned>(first_passed + count), ~0u, 0u) != 0) {
        state->error = errno;
        _exit(127);
    }
    // What is sent to the whole group meanwhile must not end a process that has no handlers yet.
    const sigset_t held = group_signals();
    sigprocmask(SIG_SETMASK, &held, nullptr);
    const command again = own_command();
    execve(again.path, again.arguments, request.environment);
    state->error = errno;
    _exit(127);
}

// clone3 with a stack of the child's own. The child starts behind the system call with every register of the parent but
// the stack pointer, and must not touch the parent's frame: so it goes straight to `entry`.
long clone3_onto_stack(clone_args* args, void (*entry)(void*), void* argument) noexcept {
#if defined(__x86_64__)
    long result = SYS_clone3;
    register void (*target)(void*) asm("r12") = entry;
    register void* value asm("r13") = argument;
    asm volatile(
        "syscall\n\t"
        "testq %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xorl %%ebp, %%ebp\n\t"
        "movq %%r13, %%rdi\n\t"
        "callq *%%r12\n\t"
        "hlt\n"
        "1:"
        : "+a"(result)
        : "D"(args), "S"(sizeof *args), "r"(target), "r"(value)
        : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long result asm("x0") = reinterpret_cast<long>(args);
    register long size asm("x1") = sizeof *args;
    register long number asm("x8") = SYS_clone3;
    register void (*target)(void*) asm("x20") = entry;
    register void* value asm("x21") = argument;
    asm volatile(
        "svc #0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x29, xzr\n\t"
        "mov x0, x21\n\t"
        "blr x20\n\t"
        "brk #1\n"
        "1:"
        : "+r"(result)
        : "r"(size), "r"(number), "r"(target), "r"(value)
        : "memory");
    return result;
#else
    #error "troupe runs on x86-64 and arm64 Linux"
#endif
}

// The list by which the kernel gives robust mutexes back when this process ends. The kernel forgets it in a copy, and
// what is on it is the other's.
class robust_list {
public:
    robust_list() noexcept { syscall(SYS_get_robust_list, 0, &head_, &bytes_); }

    void renew_in_copy() const noexcept {
        if (head_ == nullptr) return;
        head_->list.next = &head_->list;
        head_->list_op_pending = nullptr;
        syscall(SYS_set_robust_list, head_, bytes_);
    }

private:
    robust_list_head* head_ = nullptr;
    std::size_t bytes_ = 0;
};

cloned fork_child(std::atomic<std::int32_t>* pid_word) noexcept {
    cloned result;
    result.pid = fork();
    if (result.pid < 0) result.error = errno;
    if (result.pid <= 0) return result;
    pid_word->store(result.pid, std::memory_order_release);  // sync: pid - publishes the child's
    result.pidfd = open_pidfd(result.pid);
    return result;
}

cloned clone_copy(parentage parentage, std::atomic<std::int32_t>* pid_word) noexcept {
    const robust_list robust;
    int pidfd = -1;
    clone_args args = arguments_for(parentage, pid_word, &pidfd);
    if (void* address = thread_id_address()) {
        args.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
        args.child_tid = reinterpret_cast<std::uint64_t>(address);
    }
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid < 0) pid = errno == ENOSYS ? old_clone(args) : -errno;
    cloned result;
    result.pid = static_cast<pid_t>(pid);
    if (pid < 0) result.error = static_cast<int>(-pid);
    if (pid > 0) result.pidfd.reset(pidfd);
    if (pid == 0) robust.renew_in_copy();
    return result;
}

}  // namespace

cloned copy_process(parentage parentage, std::atomic<std::int32_t>* pid_word) noexcept {
    // Valgrind opens no pidfd of a process that is there already.
    const bool by_fork = parentage == parentage::child && !base::under_valgrind();
    return by_fork ? fork_child(pid_word) : clone_copy(parentage, pid_word);
}

int threads_of_this_process() noexcept {
    struct stat tasks{};
    // A folder has a link for each folder in it, and two of its own.
    if (stat("/proc/self/task", &tasks) != 0 || tasks.st_nlink < 3) return 1;
    return static_cast<int>(tasks.st_nlink) - 2;
}

cloned clone_held(parentage parentage, std::atomic<std::int32_t>* pid_word, naming naming, void (*entry)(void*),
                  void* argument) noexcept {
    cloned result;
    void* stack =
        mmap(nullptr, child_stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) {
        result.error = errno;
        return result;
    }
    int pidfd = -1;
    clone_args args = arguments_for(parentage, pid_word, naming == naming::by_pidfd ? &pidfd : nullptr);
    args.flags |= CLONE_VM | CLONE_VFORK;
    args.stack = reinterpret_cast<std::uint64_t>(stack);
    args.stack_size = child_stack_bytes;
    {
        const signals_held held;
        long pid = clone3_onto_stack(&args, entry, argument);
        if (pid == -ENOSYS) pid = old_clone_onto_stack(args, entry, argument);
        if (pid < 0) {
            result.error = static_cast<int>(-pid);
        } else {
            result.pid = static_cast<pid_t>(pid);
            result.pidfd.reset(pidfd);
        }
    }
    munmap(stack, child_stack_bytes);
    return result;
}

void drop_handlers() noexcept {
    for (int signal = 1; signal < NSIG; ++signal) {
        struct sigaction now{};
        if (sigaction(signal, nullptr, &now) != 0 || now.sa_handler == SIG_IGN || now.sa_handler == SIG_DFL) continue;
        now = {};
        now.sa_handler = SIG_DFL;
        sigaction(signal, &now, nullptr);
    }
}

cloned clone_and_exec(const exec_request& request) noexcept {
    exec_state state{&request, 0};
    cloned result = clone_held(request.parentage, request.pid_word, naming::by_pidfd, &exec_child, &state);
    if (result) result.error = state.error;
    return result;
}

bool die_with_parent(pid_t parent) noexcept {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return getppid() == parent;
}

bool enter(int directory) noexcept {
    if (fchdir(directory) == 0) return true;
    const int error = errno;
    struct stat there{}, here{};
    if (fstat(directory, &there) == 0 && stat("/proc/self/cwd", &here) == 0 && there.st_dev == here.st_dev &&
        there.st_ino == here.st_ino) {
        return true;
    }
    errno = error;
    return false;
}

void detach_input() noexcept {
    // Closed first, so that it goes without another descriptor: the lowest free number is its own.
    close(STDIN_FILENO);
    if (open("/dev/null", O_RDONLY) >= 0) return;
    // Not there, as in a bare chroot. A pipe that nobody writes to is at its end as well.
    int ends[2];
    if (pipe(ends) == 0) close(ends[1]);
}

}  // namespace troupe::process
