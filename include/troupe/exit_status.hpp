// How an actor's process ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

// One line of the stack of an actor that crashed. What is not known is empty, or 0: `function` without symbols, `file`
// and `line` without debug information (`docs/processes.md`).
struct stack_frame {
    std::string function;      // as written in C++: "parse(char const*)"
    std::string file;          // the path the compiler was given
    int line = 0;              //
    std::string module;        // the executable or library
    std::uint64_t offset = 0;  // in the module, as addr2line takes it; the address itself where there is no module

    friend bool operator==(const stack_frame&, const stack_frame&) = default;
};

// The limit of `spawn_options::limits` that made an actor end.
enum class limit_reached : std::uint8_t { none, memory, cpu_time, file_size };

const char* to_string(limit_reached limit) noexcept;

namespace detail {

// What is known of an end beside how it came.
struct end_details {
    std::uint64_t fault_address = 0;
    int signal_code = 0;
    bool stack_overflow = false;
    bool hung = false;
    limit_reached limit = limit_reached::none;
    std::vector<stack_frame> frames = {};  // module and offset; the rest is looked up when somebody asks
    std::uint64_t peak_memory = 0;
    std::chrono::nanoseconds cpu_time{};
    std::string message_type = {};
    unsigned deliveries = 0;
    unsigned restarts = 0;
};

}  // namespace detail

// A value; copies share nothing. An actor ends in one of three ways: it exited (its function returned, or called exit),
// a signal ended it, or nobody can tell any more (`lost`).
//
// How it ended is remembered for long (`docs/limits.md`); the rest, from `exception_type` on, until the slot of the
// actor is used again. A status keeps what it was made with.
class exit_status {
public:
    static exit_status from_exit(int code) { return exit_status(code & 0xff, 0, false, false); }
    static exit_status from_signal(int signal, bool core_dumped) { return exit_status(0, signal, core_dumped, false); }
    static exit_status from_exception(std::string type, std::string text) {
        exit_status s(1, 0, false, false);
        s.exception_type_ = std::move(type);
        s.exception_text_ = std::move(text);
        return s;
    }
    static exit_status from_nothing() { return exit_status(0, 0, false, true); }

    exit_status() : exit_status(0, 0, false, true) {}

    // As Python's `exitcode`: 0 to 255 when it exited, -N when signal N ended it; -1 - 255 when lost.
    int code() const noexcept { return lost_ ? -256 : signal_ != 0 ? -signal_ : exit_code_; }

    bool exited() const noexcept { return !lost_ && signal_ == 0; }
    bool signaled() const noexcept { return signal_ != 0; }
    int signal() const noexcept { return signal_; }  // 0 unless `signaled`
    bool core_dumped() const noexcept { return core_dumped_; }

    // Nobody knows: somebody else collected the process's status (a `wait(-1)` in the program, SIGCHLD ignored), or it
    // is so long ago that the program has forgotten it (`docs/limits.md`).
    bool lost() const noexcept { return lost_; }

    bool success() const noexcept { return exited() && exit_code_ == 0; }

    // The exception that nobody caught, as written in C++, and its text; empty when there was none. The text is cut at
    // 511 bytes, the type at 127; both are forgotten before the code is when many actors have ended since.
    const std::string& exception_type() const noexcept { return exception_type_; }
    const std::string& exception_text() const noexcept { return exception_text_; }

    // --- a crash: SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP or SIGSYS, unless the actor handles it itself
    // The address that was touched; of SIGFPE, SIGILL and SIGTRAP, that of the instruction.
    std::uint64_t fault_address() const noexcept { return details_.fault_address; }
    int signal_code() const noexcept { return details_.signal_code; }  // si_code: SEGV_MAPERR, FPE_INTDIV, SI_TKILL
    bool stack_overflow() const noexcept { return details_.stack_overflow; }
    // Where it was, innermost first: 32 calls at most, and those inlined into them. Names are looked up here, which
    // takes milliseconds the first time.
    std::vector<stack_frame> stack() const;

    // It was killed because it took longer than `spawn_options::message_deadline` to handle a message. Its stack is
    // that of the moment before.
    bool hung() const noexcept { return details_.hung; }
    // The limit that was the cause.
    limit_reached limit() const noexcept { return details_.limit; }

    // The most memory it had at one time, in bytes, with what it touched of the program's shared memory; under start
    // method spawn, not less than its parent had had by then. And the time it kept a CPU busy, user and system.
    std::uint64_t peak_memory() const noexcept { return details_.peak_memory; }
    std::chrono::nanoseconds cpu_time() const noexcept { return details_.cpu_time; }

    // The message it was handling, by type, and how often that had been delivered; empty and 0 for none.
    const std::string& message_type() const noexcept { return details_.message_type; }
    unsigned deliveries() const noexcept { return details_.deliveries; }
    // How often its supervisor had started it again.
    unsigned restarts() const noexcept { return details_.restarts; }

    // For the runtime.
    const detail::end_details& details() const noexcept { return details_; }
    detail::end_details& details() noexcept { return details_; }

    // Whether two actors ended in the same way: code, signal and exception. What it was busy with does not count.
    friend bool operator==(const exit_status& a, const exit_status& b) noexcept {
        return a.exit_code_ == b.exit_code_ && a.signal_ == b.signal_ && a.core_dumped_ == b.core_dumped_ &&
               a.lost_ == b.lost_ && a.exception_type_ == b.exception_type_ && a.exception_text_ == b.exception_text_;
    }

private:
    exit_status(int code, int signal, bool core_dumped, bool lost)
        : exit_code_(code), signal_(signal), core_dumped_(core_dumped), lost_(lost) {}

    int exit_code_ = 0;
    int signal_ = 0;
    bool core_dumped_ = false;
    bool lost_ = false;
    std::string exception_type_;
    std::string exception_text_;
    detail::end_details details_;
};

// A sentence without a subject: "exited with 3", "ended with std::runtime_error: no", "was ended by signal 11 (SIGSEGV)
// at address 0x0 in parse(char const*) (parser.cpp:12)", "overran its stack (signal 11, SIGSEGV) in walk(node*)".
std::string to_string(const exit_status& status);

// The sentence, and below it what else is known, a line each: the message in hand, the whole stack, memory and time.
std::string report(const exit_status& status);

}  // namespace troupe
