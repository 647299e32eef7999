// Programs that are not troupe's: started, written to, read from, and ended.
//
//     auto sorted = co_await troupe::command({"sort", "-r"}).input("b\na\nc\n").run();
//     std::cout << sorted.output << to_string(sorted.status);
//
// A command leads a process group of its own. It ends when its process does, and what is left of its group is killed
// then; what has left the group (`setsid`) is not followed. It dies with its actor, however that dies, with its group.
// It inherits its three standard descriptors alone, no handlers and no blocked signals, and costs nothing of its
// actor's memory. An actor has at most 64 commands at a time. `docs/commands.md` says more.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <troupe/descriptor.hpp>
#include <troupe/detail/timer.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/limits.hpp>
#include <troupe/stream.hpp>
#include <troupe/task.hpp>

namespace troupe {

namespace detail {

struct command_terms {
    std::vector<std::string> words;
    std::shared_ptr<const std::string> text = {};
    std::shared_ptr<descriptor> stream = {};  // emptied by the first start
    std::string directory = {};
    std::vector<std::pair<std::string, std::string>> environment = {};
    struct limits limits = {};
    bool merge_errors = false;
    std::size_t output_limit = std::size_t{64} << 20;
};

class begun_command;
struct end_begun_command {
    void operator()(begun_command* command) const noexcept;
};
using command_hold = std::unique_ptr<begun_command, end_begun_command>;

}  // namespace detail

struct command_result {
    exit_status status;
    std::string output;  // what it wrote to its stdout
    std::string error;   // and to its stderr; empty with `merge_errors`
};

// A command that was started. It can only be moved. If it is destroyed before the command has ended, the command and
// its group are killed (SIGKILL), and nobody waits for that.
class running_command {
public:
    // An empty one: every call throws misuse.
    running_command() noexcept = default;

    // To its stdin. Close it when all is written: many programs read to the end before they do anything. Throws misuse
    // if the command was given its input before it began.
    output_stream& input();
    // From its stdout, and its stderr. A command whose output nobody reads waits when the pipe is full (64 KiB).
    // `error` throws misuse with `merge_errors`.
    input_stream& output();
    input_stream& error();

    // Waits until the command has ended; any number of times. What it wrote can still be read. If this object is
    // destroyed before that, the await throws closed, and so does that of `end`.
    task<exit_status> join() const;
    // Sends it a signal; its group is sent nothing. Does nothing if it has ended. Throws misuse if there is no such
    // signal, and std::system_error if the program may not signal it (it has changed its user).
    void signal(int number) const;
    // SIGTERM to its whole group, SIGKILL if it has not ended after the budget; waits for its end. If that is
    // cancelled, the command goes on with what it was sent. Throws std::system_error as `signal` does, and then does
    // not wait.
    task<exit_status> end(detail::length_of_time budget = std::chrono::seconds(2)) const;

    int pid() const;

private:
    friend class command;

    detail::command_hold command_;
    output_stream input_;
    input_stream output_;
    input_stream error_;
};

// A description of one, which can be copied, and run many times.
class command {
public:
    // The first word is the program. Without a slash in it, it is looked for in the folders of PATH, as the command
    // sees that. Throws misuse if there is no word, or if one has a zero byte in it.
    explicit command(std::vector<std::string> words);

    // What it reads from its stdin: the text, or what the stream's open file gives from here on. Without either, that
    // is /dev/null for `run`, and for `start` a pipe. A stream can be used once: later starts throw misuse. Throws
    // misuse if something was read ahead from the stream that nobody has taken.
    command& input(std::string text);
    command& input(input_stream from);
    // Where it begins; its actor's directory if this is empty. A program that is named by a relative path is looked for
    // from there.
    command& directory(std::string path);
    // Variables to add to, or change in, its actor's environment. Throws misuse if one cannot be a variable.
    command& environment(std::vector<std::pair<std::string, std::string>> variables);
    // The limits that the system enforces on it. Memory past the limit is refused to it.
    command& limits(struct limits wanted);
    // Its stderr goes to its stdout, in the order in which it writes.
    command& merge_errors();
    // The most that `run` keeps of what it writes to its stdout, and of what it writes to its stderr: 64 MiB each
    // unless set.
    command& output_limit(std::size_t bytes);

    // Starts it and waits for its end. Every end is a result, also one by a signal.
    //
    // The await throws spawn_failed, which says why, if the command could not be started: it was not found, is not
    // executable, its directory or limits were refused, or this actor has 64 commands already. It throws too_large, and
    // kills the command and its group, if it writes more than is kept. After `timeout` the whole group is sent SIGTERM,
    // and SIGKILL if the command has not ended 2 s later; then the await throws timed_out, or std::system_error if
    // the program may not signal it. If it is cancelled, the command and its group are killed at once.
    task<command_result> run(detail::length_of_time timeout = (std::chrono::nanoseconds::max)()) const;

    // Starts it. Awaiting it gives the command, once its program has been executed. Throws spawn_failed as `run` does.
    task<running_command> start() const;

private:
    static task<running_command> begin(detail::command_terms terms);

    detail::command_terms terms_;
};

}  // namespace troupe
