#include <troupe/command.hpp>

#include <fcntl.h>

#include <utility>

#include <troupe/error.hpp>

#include "command/begun.hpp"
#include "command/run.hpp"
#include "command/start.hpp"

namespace troupe {
namespace {

bool has_zero_byte(const std::string& text) { return text.find('\0') != std::string::npos; }

detail::begun_command* expect(const detail::command_hold& command) {
    if (command == nullptr) throw misuse("this command is empty: it was moved from or never started");
    if (!command->belongs_here()) {
        actors::own_process::here();
        throw misuse("command '" + command->name() +
                     "' belongs to the process this one was forked from; start another one here");
    }
    return command.get();
}

// Its new owner does not expect that a read finds nothing.
void let_block(int fd) noexcept {
    const int flags = ::fcntl(fd, F_GETFL);
    if ((flags & O_NONBLOCK) != 0) ::fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

}  // namespace

command::command(std::vector<std::string> words) : terms_{.words = std::move(words)} {
    if (terms_.words.empty()) throw misuse("a command has one word at least: the program");
    if (terms_.words.front().empty()) throw misuse("the first word of a command is empty: it is the program");
    for (const std::string& word : terms_.words) {
        if (has_zero_byte(word)) {
            throw misuse("a word of command '" + terms_.words.front() +
                         "' has a zero byte in it; no program gets more "
                         "of a word than what stands before that");
        }
    }
}

command& command::input(std::string text) {
    terms_.text = std::make_shared<const std::string>(std::move(text));
    terms_.stream.reset();
    return *this;
}

command& command::input(input_stream from) {
    descriptor file = std::move(from).release();
    let_block(file.get());
    terms_.stream = std::make_shared<descriptor>(std::move(file));
    terms_.text.reset();
    return *this;
}

command& command::directory(std::string path) {
    if (has_zero_byte(path))
        throw misuse("the directory of command '" + terms_.words.front() + "' has a zero byte in it");
    terms_.directory = std::move(path);
    return *this;
}

command& command::environment(std::vector<std::pair<std::string, std::string>> variables) {
    for (const auto& [key, value] : variables) {
        if (key.empty() || key.find('=') != std::string::npos || has_zero_byte(key) || has_zero_byte(value)) {
            throw misuse("'" + key + "' cannot be the name of an environment variable, or its value has a zero byte");
        }
    }
    terms_.environment = std::move(variables);
    return *this;
}

command& command::limits(struct limits wanted) {
    terms_.limits = std::move(wanted);
    return *this;
}

command& command::merge_errors() {
    terms_.merge_errors = true;
    return *this;
}

command& command::output_limit(std::size_t bytes) {
    terms_.output_limit = bytes;
    return *this;
}

task<command_result> command::run(detail::length_of_time timeout) const { return commands::run(terms_, timeout); }

task<running_command> command::start() const { return begin(terms_); }

task<running_command> command::begin(detail::command_terms terms) {
    commands::started made = co_await commands::start(std::move(terms), commands::standard_input::pipe);
    running_command given;
    given.command_ = std::move(made.command);
    if (made.input) given.input_ = output_stream(std::move(made.input));
    given.output_ = input_stream(std::move(made.output));
    if (made.error) given.error_ = input_stream(std::move(made.error));
    co_return given;
}

output_stream& running_command::input() {
    const auto* command = expect(command_);
    if (!input_) {
        throw misuse("there is nothing to write the input of command '" + command->name() +
                     "' to: it was closed, or given before the command began (command::input)");
    }
    return input_;
}

input_stream& running_command::output() {
    expect(command_);
    return output_;
}

input_stream& running_command::error() {
    const auto* command = expect(command_);
    if (!error_) {
        throw misuse("the errors of command '" + command->name() +
                     "' cannot be read here: they come with its output (command::merge_errors), or were closed");
    }
    return error_;
}

task<exit_status> running_command::join() const { return commands::end_of(expect(command_)); }

void running_command::signal(int number) const { expect(command_)->signal(number); }

task<exit_status> running_command::end(detail::length_of_time budget) const {
    return commands::end(expect(command_), budget);
}

int running_command::pid() const { return expect(command_)->pid(); }

}  // namespace troupe
