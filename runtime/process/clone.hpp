// New processes. The two ways to make one, and all that a child does before it is itself.
//
// A child of the program is made by the C library's own fork, which puts right in the copy what it knows of: its locks,
// its lists of threads, and whatever has registered with pthread_atfork. A `sibling` is made with CLONE_PARENT: its
// parent, in the eyes of the kernel, is the caller's parent, which collects its status. That is how the program is the
// parent of every actor, whoever made it. The C library has no call for that: a plain clone3 copies its locks as they
// are, and is right in a process of one thread only.
//
// clone3 gives the new process a name that is never used again (CLONE_PIDFD), and writes the pid into a shared word
// before the child runs: whoever dies right after can still be picked up from there. After fork both sides write it:
// should the caller die between, it is the program, and everything ends with it.
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

// A copy of this process, as fork makes one: the calling thread alone goes on. Locks of the program's own that other
// threads held stay locked. The child's signal mask is the caller's. A `child` writes its pid itself once the word is
// mapped, and may come without a pidfd when no descriptor is left. A `sibling` is asked for by a process of one thread.
cloned copy_process(parentage parentage, std::atomic<std::int32_t>* pid_word) noexcept;

// As the kernel counts them. One where it does not say.
int threads_of_this_process() noexcept;

struct exec_request {
    enum parentage parentage = parentage::child;
    std::atomic<std::int32_t>* pid_word = nullptr;
    std::span<const int> descriptors;    // become 3, 4, ... in the child; every other above 2 is closed
    char* const* environment = nullptr;  // with a birthmark
    int directory = -1;                  // where the child begins; the caller's for -1
};

// A process that shares this one's memory, on a stack of its own, until it has called exec or ended; the caller is held
// for so long. It begins with entry(argument), every signal blocked, and never returns from that. So its cost does not
// grow with the caller, and what it writes, the caller finds. `by_pid`: no pidfd is made.
enum class naming { by_pidfd, by_pid };
cloned clone_held(parentage parentage, std::atomic<std::int32_t>* pid_word, naming naming, void (*entry)(void*),
                  void* argument) noexcept;

// In such a process, before it lets signals through: no handler of the caller's runs in it. Ignored signals stay so.
void drop_handlers() noexcept;

// This program's own executable, afresh, with the arguments it began with. The caller is held until the child has
// called exec, and shares its memory until then, so that the cost does not grow with the caller. Stdin of the child is
// /dev/null.
cloned clone_and_exec(const exec_request& request) noexcept;

// Children die with the process that is their parent in the kernel's eyes. False when that has already happened.
bool die_with_parent(pid_t parent) noexcept;

// To that directory, which this process may be in already without the right to enter it. False, and errno, when not.
bool enter(int directory) noexcept;

// Stdin from /dev/null, or where there is none from what is as empty.
void detach_input() noexcept;

}  // namespace troupe::process
