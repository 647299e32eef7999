// The program's log: lines that every actor writes, whole and one after the other, through one process.
//
// `this_actor::log` puts the line into a ring in shared memory and returns. A process of its own, `troupe-log`, writes
// it to the program's stderr, or gives it to `run_options::log`. It is started at the first line; a program that never
// logs has no such process. A line that was logged is written even if its actor crashes right after it.
//
// A line waits for nobody. If more than 1 MiB waits to be written, further lines are dropped, and the log says how
// many, where they are missing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

enum class log_level : std::uint8_t { verbose, info, warning, error };
const char* to_string(log_level level) noexcept;

// The text of a line is cut here, and the line then says how many bytes are missing.
inline constexpr std::size_t longest_log_text = std::size_t{60} << 10;

// One line, as `run_options::log` gets it. What it points to is gone when that function has returned.
struct log_line {
    std::chrono::system_clock::time_point time = {};  // when it was logged
    log_level level = log_level::info;
    std::string_view actor = {};  // its name
    int pid = 0;                  // of the process that logged it
    std::string_view text = {};   // as it was given, newlines included
    std::size_t cut = 0;          // how many bytes of the text are missing at its end
};

// What `run_options::log` is. It runs in a process of its own, not in the one that logged. What main did before `run`
// was done there too, as in an actor that is started by the method spawn. If it throws, the line goes to stderr; if it
// dies twice on a line, that line does.
using log_function = void (*)(const log_line& line);

// "2026-11-30T12:02:52.123456Z warning clerk[4711] the text", as the log writes it to stderr: the time is UTC, and
// newlines and other control characters are written as \n, \t or \x1b, so that a line stays one line.
std::string to_string(const log_line& line);

namespace this_actor {

// Logs one line. It does not wait, it does not fail, and it makes no system call while lines flow. Only the actor's own
// thread may call it. Throws misuse outside of `run`, and if `level` is none.
void(log)(log_level level, std::string_view text);  // a macro of that name is not meant

}  // namespace this_actor

}  // namespace troupe
