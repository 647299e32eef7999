// What a process knows of itself at its first instruction: the arguments it was started with, and what for.
//
// Main and its libraries may change `argv`, clear the environment, fork, or execute the program once more, all before
// `run`. So both are read, and copied, before any of that: by a constructor of this library, which the C library hands
// what it hands main. A birthmark is a variable of the environment: what the process is to be, and its pid. By the pid
// a program that was merely started by such a process, or a copy of it, is told from the process that is meant.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace troupe::process {

inline constexpr const char* birthmark_variable = "TROUPE_CHILD";

// A line of the environment; the pid is left open.
std::string birthmark(const std::string& calling);
// Between clone and exec, in the child: its pid.
void stamp_birthmark(char* const* environment) noexcept;

// What this process was made for; empty when it was not made by troupe.
const std::string& own_calling() noexcept;
// Not the process that has the calling, but a copy of it.
bool is_copy_of_called() noexcept;

// What exec takes to start this program as it was started.
struct command {
    const char* path;
    char* const* arguments;
};
command own_command() noexcept;

// Which file this program is: the same numbers in every process that is executed from it.
struct file_id {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    bool operator==(const file_id&) const = default;
};
file_id own_file() noexcept;

}  // namespace troupe::process
