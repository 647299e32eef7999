// What went wrong, as exceptions. What can happen (end of stream, full) is a value instead: see each call.
//
// Every exception of troupe derives from `error` and says in its text what to do about it. Its code belongs to
// `error_category()`, so that code which maps errors to numbers can compare with `errc`.
#pragma once

#include <string>
#include <system_error>

#include <troupe/exit_status.hpp>

namespace troupe {

enum class errc {
    actor_died = 1,  // the actor ended before it answered, or before it could be sent to
    closed,          // put or send after the end
    timed_out,       // the deadline passed; nothing was taken
    cancelled,       // the wait was cancelled; nothing was taken
    remote_error,    // the handler of a request threw
    too_large,       // past a limit of a message, a queue or the arguments of a spawn
    corrupt,         // bytes of another process do not decode
    spawn_failed,    // the actor's process could not be started
    out_of_memory,   // the program's shared memory is used up
    misuse,          // a call that breaks a rule its documentation names
};

const std::error_category& error_category() noexcept;
inline std::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), error_category()}; }

class error : public std::system_error {
public:
    error(errc code, const std::string& what);

    // The sentence alone, without the category's text behind it.
    const char* what() const noexcept override { return text_.c_str(); }

private:
    std::string text_;
};

// The actor that was sent to, asked or awaited is dead. `status()` says how it ended.
class actor_died : public error {
public:
    actor_died(const std::string& name, exit_status status);
    const exit_status& status() const noexcept { return status_; }

private:
    exit_status status_;
};

class closed : public error {
public:
    explicit closed(const std::string& what);
};

class timed_out : public error {
public:
    explicit timed_out(const std::string& what = "timed out: the deadline passed before the wait ended");
};

class cancelled : public error {
public:
    explicit cancelled(const std::string& what = "cancelled: the wait was ended by a cancellation");
};

// What a handler threw in another process: the exception's type, as written in C++, and its text.
class remote_error : public error {
public:
    remote_error(std::string type, std::string text);
    const std::string& type() const noexcept { return type_; }
    const std::string& text() const noexcept { return remote_text_; }

private:
    std::string type_;
    std::string remote_text_;
};

class too_large : public error {
public:
    explicit too_large(const std::string& what);
};

class corrupt : public error {
public:
    explicit corrupt(const std::string& what);
};

class spawn_failed : public error {
public:
    explicit spawn_failed(const std::string& what);
};

class out_of_memory : public error {
public:
    explicit out_of_memory(const std::string& what);
};

class misuse : public error {
public:
    explicit misuse(const std::string& what);
};

}  // namespace troupe

template <>
struct std::is_error_code_enum<troupe::errc> : std::true_type {};
