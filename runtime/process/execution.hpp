// Another program, executed in a process of its own: what a command is to the system.
//
// Everything is made ready by the caller, since the new process shares its memory until the exec and may allocate
// nothing. It leads a group of its own before it executes anything, so whoever knows its pid can end it and all that it
// has started. Until then it is in the caller's group, with all signals blocked, and drops what is sent to that. It has
// three descriptors, empty signal mask, no handlers, and what is left of the caller's: ignored signals but SIGPIPE,
// umask, limits.
#pragma once

#include <sched.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <troupe/limits.hpp>

#include "process/clone.hpp"

namespace troupe::process {

// Limits in the form in which the system takes them.
struct raw_limits {
    struct one {
        const char* name;
        int resource;
        rlimit value;
    };
    std::vector<one> resources = {};
    std::optional<int> nice = {};
    std::optional<cpu_set_t> affinity = {};
    bool no_new_privileges = false;
};
// Throws spawn_failed where a value makes no sense on any system.
raw_limits raw(const limits& wanted);

struct execution {
    std::vector<std::string> paths;  // the first of these that is a program
    std::vector<char*> arguments;    // each with a null at its end
    std::vector<char*> environment;
    const char* directory = nullptr;  // null: the caller's
    std::array<int, 3> streams{};     // become its stdin, stdout and stderr
    raw_limits limits;
    std::optional<rlim_t> open_files = {};  // the soft limit, which the caller has raised for itself
    pid_t parent = 0;                       // whose child it is; it dies with that
};

enum class execution_step : std::uint8_t { clone, streams, directory, limits, exec };

struct executed {
    pid_t pid = 0;  // 0: there is no process; one whose `error` is not 0 is about to end
    int error = 0;  // errno; 0: the program runs
    execution_step step = execution_step::clone;
    const char* limit = "";  // which
    const char* path = "";   // that could not be executed
};

// `pid_word` has the pid before the process's first instruction.
executed execute(const execution& wanted, parentage parentage, std::atomic<std::int32_t>* pid_word) noexcept;

}  // namespace troupe::process
