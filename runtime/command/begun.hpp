// A command that has begun, as its actor sees it: a cell of the actor's slot, in which the keeper writes how it ended.
//
// Whoever destroys it before that has the keeper kill the command and its group. The cell is used again when the keeper
// is through with the process.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <troupe/command.hpp>
#include <troupe/detail/wait.hpp>
#include <troupe/exit_status.hpp>
#include <troupe/task.hpp>

#include "actor/own_process.hpp"
#include "channel/waiting_list.hpp"
#include "loop/source.hpp"

namespace troupe::detail {

class begun_command;

// Waits for its end. Looks each turn: there are few at a time. The keeper rings when one has ended. If the command is
// destroyed meanwhile, the wait fails, and touches nothing of it any more.
class command_end final : public wait, private loop::source {
public:
    explicit command_end(begun_command& of) noexcept;
    ~command_end();
    exit_status await_resume() const {
        throw_if_failed();
        return *status_;
    }

    command_end* next_waiting = nullptr;

private:
    friend class begun_command;
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;
    bool poll() override;
    bool glance() override;
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    void describe(loop::wait_notes& into) const noexcept override;

    begun_command* command_;  // null: destroyed
    std::optional<exit_status> status_;
};

class begun_command {
public:
    // Of a cell that was claimed. Before there is a process in it, there is nothing to end.
    begun_command(actors::own_process& here, std::size_t cell, std::string name) noexcept
        : here_(here), cell_(cell), name_(std::move(name)) {}
    begun_command(const begun_command&) = delete;
    begun_command& operator=(const begun_command&) = delete;
    ~begun_command();

    shm::command_cell& cell() noexcept { return here_.commands().at(cell_); }
    const std::string& name() const noexcept { return name_; }
    pid_t pid() const noexcept { return pid_; }
    // False in a copy of the process that has started it.
    bool belongs_here() const noexcept { return actors::own_process::current() == &here_; }

    // The process is there: the keeper is told of it.
    void born(pid_t pid) noexcept;
    // Nothing while it runs. Throws spawn_failed if it was ended because nobody could look after it.
    std::optional<exit_status> status();
    // Both throw std::system_error if the program may not signal it.
    void signal(int number);
    void signal_group(int number);

private:
    friend class command_end;
    void send(keepers::keeper_word word, int number);

    actors::own_process& here_;
    std::size_t cell_;
    std::string name_;
    pid_t pid_ = 0;
    channel::waiting_list<command_end> waiting_;
};

}  // namespace troupe::detail

namespace troupe::commands {

// Waits for its end. If the command is destroyed meanwhile, these throw closed.
task<exit_status> end_of(detail::begun_command* command);
// False: it has not ended by then.
task<bool> ends_within(detail::begun_command* command, std::chrono::nanoseconds time);
// SIGTERM to its group, and SIGKILL after the budget; unless it has ended. Throws std::system_error as signals do.
task<exit_status> end(detail::begun_command* command, std::chrono::nanoseconds budget);

}  // namespace troupe::commands
