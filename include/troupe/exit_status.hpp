// How an actor's process ended.
#pragma once

#include <string>

namespace troupe {

// A value; copies share nothing. An actor ends in one of three ways: it exited (its function returned, or called exit),
// a signal ended it, or nobody can tell any more (`lost`).
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

    friend bool operator==(const exit_status&, const exit_status&) = default;

private:
    exit_status(int code, int signal, bool core_dumped, bool lost)
        : exit_code_(code), signal_(signal), core_dumped_(core_dumped), lost_(lost) {}

    int exit_code_ = 0;
    int signal_ = 0;
    bool core_dumped_ = false;
    bool lost_ = false;
    std::string exception_type_;
    std::string exception_text_;
};

// A sentence without a subject: "exited with 3", "was ended by signal 11 (SIGSEGV)", "ended with std::runtime_error:
// no".
std::string to_string(const exit_status& status);

}  // namespace troupe
