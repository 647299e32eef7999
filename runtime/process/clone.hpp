// New processes. The two ways to make one, and all that a child does before it is itself.
//
// Both use clone3 with CLONE_PIDFD, so that the new process has a name that is never used again, and let the kernel
// write the pid into a shared word before the child runs: whoever dies right after can still be picked up from there. A
// `sibling` is made with CLONE_PARENT: its parent, in the eyes of the kernel, is the caller's parent, which collects
// its status. That is how the program is the parent of every actor, whoever made it.
//
// Between clone and exec, or the return of `copy_process` in the child, only async-signal-safe calls are made.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <span>

#include "base/owned_fd.hpp"

namespace troupe::process {

enum class parentage { child, sibling };

struct cloned {
    pid_t pid = -1;          // 0: this is the child
    base::owned_fd pidfd{};  // not in the child
    int error = 0;           // errno when there is no process, or, after `clone_and_exec`, when the exec failed
    explicit operator bool() const { return pid >= 0; }
};

// A copy of this process, as fork makes one: the calling thread alone goes on. Locks that other threads held stay
// locked. `pid_word` may be null. The child's signal mask is the caller's.
cloned copy_process(parentage parentage, std::atomic<std::int32_t>* pid_word) noexcept;

struct exec_request {
    parentage parentage = parentage::child;
    std::atomic<std::int32_t>* pid_word = nullptr;
    std::span<const int> descriptors;  // become 3, 4, ... in the child; every other above 2 is closed
    char* const* arguments = nullptr;
    char* const* environment = nullptr;
};

// This program's own executable, afresh. The caller is held until the child has called exec, and shares its memory
// until then, so that the cost does not grow with the caller. Stdin of the child is /dev/null.
cloned clone_and_exec(const exec_request& request) noexcept;

// Children die with the process that is their parent in the kernel's eyes. False when that has already happened.
bool die_with_parent(pid_t parent) noexcept;

// Stdin from /dev/null.
void detach_input() noexcept;

}  // namespace troupe::process
