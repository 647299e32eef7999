#include "command/begun.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <system_error>

#include <troupe/error.hpp>
#include <troupe/time.hpp>

#include "base/step.hpp"
#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"

namespace troupe::detail {

void end_begun_command::operator()(begun_command* command) const noexcept { delete command; }

begun_command::~begun_command() {
    // One that is destroyed after its process has left the program (a static object): the keeper ends it as it is.
    if (!belongs_here()) return;
    if (cell().pid() != 0) {
        here_.tell_keeper({.word = keepers::keeper_word::signal_command_group,
                           .slot = here_.participant().slot(),
                           .subject = cell_,
                           .value = SIGKILL});
    }
    here_.commands().give_up(cell_);
    waiting_.for_each([this](command_end& one) {
        one.command_ = nullptr;
        one.fail_with(std::make_exception_ptr(
            closed("command '" + name_ +
                   "' was let go of while somebody waited for its end; end that wait first (cancel it)")));
    });
}

void begun_command::born(pid_t pid) noexcept {
    pid_ = pid;
    TROUPE_STEP("command: process made");
    here_.tell_keeper(
        {.word = keepers::keeper_word::command_begun, .slot = here_.participant().slot(), .subject = cell_});
    TROUPE_STEP("command: told of");
}

std::optional<exit_status> begun_command::status() {
    if (cell().was_refused()) {
        throw spawn_failed(
            "command '" + name_ +
            "' was killed as it began: the program could not look after it, because it had no descriptors "
            "left (raise the limit of open files, ulimit -n) or 4,096 commands already");
    }
    return cell().status();
}

void begun_command::send(keepers::keeper_word word, int number) {
    if (cell().pid() == 0) return;
    if (const int error = here_.signal_command(cell_, word, number)) {
        throw std::system_error(error, std::generic_category(),
                                "command '" + name_ + "' (pid " + std::to_string(pid_) + ") could not be sent signal " +
                                    std::to_string(number));
    }
}

void begun_command::signal(int number) {
    if (number < 1 || number >= NSIG) {
        throw misuse("command '" + name_ + "' cannot be sent signal " + std::to_string(number) +
                     ": signals are numbered from 1 to " + std::to_string(NSIG - 1));
    }
    send(keepers::keeper_word::signal_command, number);
}

void begun_command::signal_group(int number) { send(keepers::keeper_word::signal_command_group, number); }

// --- its end

command_end::command_end(begun_command& of) noexcept : command_(&of) { of.waiting_.append(*this); }

command_end::~command_end() {
    if (command_ != nullptr) command_->waiting_.remove(*this);
}

bool command_end::try_finish() {
    status_ = command_->status();
    return status_.has_value();
}

void command_end::enlist() {
    loop::event_loop::current().enroll(*this);
    wake();
}

void command_end::abandon() noexcept { loop::event_loop::current().dismiss(*this); }

bool command_end::glance() { return command_->cell().pid() == 0; }

bool command_end::poll() {
    if (!glance()) return false;
    wake();
    return true;
}

void command_end::describe(loop::wait_notes& into) const noexcept {
    into.add(*this, {.kind = base::waiting_kind::command, .of = static_cast<std::uint64_t>(command_->pid())});
}

}  // namespace troupe::detail

namespace troupe::commands {

task<exit_status> end_of(detail::begun_command* command) {
    detail::command_end ended(*command);
    co_return co_await ended;
}

task<bool> ends_within(detail::begun_command* command, std::chrono::nanoseconds time) {
    try {
        co_await with_timeout(time, end_of(command));
    } catch (const timed_out&) {
        co_return false;
    }
    co_return true;
}

task<exit_status> end(detail::begun_command* command, std::chrono::nanoseconds budget) {
    command->signal_group(SIGTERM);
    const bool in_time = co_await ends_within(command, budget);
    if (!in_time) command->signal_group(SIGKILL);
    co_return co_await end_of(command);
}

}  // namespace troupe::commands
