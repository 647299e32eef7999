#include "process/old_clone.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace troupe::process {
namespace {

struct old_arguments {
    unsigned long flags = 0;
    unsigned long parent_word = 0;  // the pidfd goes there
    unsigned long child_word = 0;
};

// It has one place for the pidfd and the pid; where no pidfd is wanted, it is the pid's.
bool kernel_writes_pid(const clone_args& args) noexcept {
    return (args.flags & CLONE_PARENT_SETTID) != 0 && (args.flags & CLONE_PIDFD) == 0;
}

old_arguments translated(const clone_args& args) noexcept {
    old_arguments old;
    old.flags = (args.flags & ~std::uint64_t{CLONE_PARENT_SETTID}) | args.exit_signal;
    old.parent_word = args.pidfd;
    old.child_word = args.child_tid;
    if (kernel_writes_pid(args)) {
        old.flags |= CLONE_PARENT_SETTID;
        old.parent_word = args.parent_tid;
    } else if ((args.flags & CLONE_VM) != 0 && args.child_tid == 0 && args.parent_tid != 0) {
        old.flags |= CLONE_CHILD_SETTID;
        old.child_word = args.parent_tid;
    }
    return old;
}

void note_pid(const clone_args& args, long pid) noexcept {
    if (pid <= 0 || (args.flags & CLONE_PARENT_SETTID) == 0 || kernel_writes_pid(args)) return;
    // crash: a process that nobody knows, see above
    // sync: pid - publishes the process that was made
    std::bit_cast<std::atomic<std::int32_t>*>(args.parent_tid)
        ->store(static_cast<std::int32_t>(pid), std::memory_order_release);
}

}  // namespace

long old_clone(const clone_args& args) noexcept {
    const old_arguments old = translated(args);
#if defined(__x86_64__)
    const long pid = syscall(SYS_clone, old.flags, nullptr, old.parent_word, old.child_word, nullptr);
#else
    const long pid = syscall(SYS_clone, old.flags, nullptr, old.parent_word, nullptr, old.child_word);
#endif
    if (pid < 0) return -errno;
    note_pid(args, pid);
    return pid;
}

long old_clone_onto_stack(const clone_args& args, void (*entry)(void*), void* argument) noexcept {
    const old_arguments old = translated(args);
    const unsigned long top = args.stack + args.stack_size;
#if defined(__x86_64__)
    long result = SYS_clone;
    register unsigned long child_word asm("r10") = old.child_word;
    register unsigned long tls asm("r8") = 0;
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
        : "D"(old.flags), "S"(top), "d"(old.parent_word), "r"(child_word), "r"(tls), "r"(target), "r"(value)
        : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long result asm("x0") = static_cast<long>(old.flags);
    register unsigned long stack asm("x1") = top;
    register unsigned long parent_word asm("x2") = old.parent_word;
    register unsigned long tls asm("x3") = 0;
    register unsigned long child_word asm("x4") = old.child_word;
    register long number asm("x8") = SYS_clone;
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
        : "r"(stack), "r"(parent_word), "r"(tls), "r"(child_word), "r"(number), "r"(target), "r"(value)
        : "memory");
#else
    #error "troupe runs on x86-64 and arm64 Linux"
#endif
    note_pid(args, result);
    return result;
}

}  // namespace troupe::process
