// What the keeper does about commands: programs that are not troupe's, each in a process that an actor has made, and
// the leader of a group.
//
// Such a process is a child of the program, and the keeper alone collects it. So its pid, which is also the number of
// its group, is nobody else's until then, and the keeper may signal both by that number. When the process has ended,
// what is left of its group is killed, then the process is collected, and then its actor is told. When the actor has
// ended, the process is killed, then its group: once it has been sent SIGKILL, it makes no more processes, so nothing
// of the group comes after that look.
//
// The keeper learns of a command by a message. If the actor dies before it has sent that, its slot has the pid.
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include "base/step.hpp"
#include "keeper/keeper.hpp"
#include "keeper/ticks.hpp"
#include "process/pidfd.hpp"

namespace troupe::keepers {
namespace {

// Zero: nobody. There are no others than these in a program, which has one keeper; and until the first of them begins
// they are in no memory.
struct looked_after {
    int pidfd;
    pid_t pid;
    std::uint16_t slot;
    std::uint8_t cell;
    bool is_orphan;  // its actor is dead
};
constinit std::array<looked_after, 4096> commands{};

// False: it has changed its user, or the program has, and it ends when it likes.
bool kill_command(const looked_after& one) noexcept {
    const bool may = process::send_signal(one.pidfd, SIGKILL) || errno != EPERM;
    ::kill(-one.pid, SIGKILL);
    return may;
}

// Of a pid that nobody else has: it is a child, and has not been collected.
bool is_own_child(pid_t pid) noexcept { return pid > 1 && process::is_child(pid); }

}  // namespace

void keeper::command_begun(std::uint16_t slot, std::size_t cell) noexcept {
    if (cell >= shm::most_commands || find_command(slot, cell)) return;
    shm::command_cell& its = memory_.process(slot).commands[cell];
    const pid_t pid = its.pid();
    if (pid == 0) return;
    if (!is_own_child(pid)) {
        its.end(exit_status::from_nothing());  // collected by the program's own code
        notify(slot);
    } else if (!look_after_command(slot, cell)) {
        its.refuse();
        notify(slot);
    }
}

// Nothing when it could not be looked after, and has been ended.
std::optional<std::uint32_t> keeper::look_after_command(std::uint16_t slot, std::size_t cell) noexcept {
    const pid_t pid = memory_.process(slot).commands[cell].pid();
    std::uint32_t number = 0;
    while (number < commands_reached_ && commands[number].pid != 0) ++number;
    base::owned_fd pidfd = number < commands.size() ? process::open_pidfd(pid) : base::owned_fd();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = about_first_command + number;
    if (!pidfd || epoll_ctl(poll_.get(), EPOLL_CTL_ADD, pidfd.get(), &event) != 0) {
        ::kill(pid, SIGKILL);
        ::kill(-pid, SIGKILL);
        process::end_now(pid);
        return std::nullopt;
    }
    commands_reached_ = std::max(commands_reached_, number + 1);
    commands[number] = {pidfd.release(), pid, slot, static_cast<std::uint8_t>(cell), false};
    return number;
}

std::optional<std::uint32_t> keeper::find_command(std::uint16_t slot, std::size_t cell) const noexcept {
    for (std::uint32_t number = 0; number < commands_reached_; ++number) {
        const looked_after& one = commands[number];
        if (one.pid != 0 && !one.is_orphan && one.slot == slot && one.cell == cell) return number;
    }
    return std::nullopt;
}

bool keeper::is_command(pid_t pid) const noexcept {
    for (std::uint32_t number = 0; number < commands_reached_; ++number) {
        if (commands[number].pid == pid) return true;
    }
    return false;
}

void keeper::command_ended(std::uint32_t number) noexcept {
    if (number >= commands_reached_ || commands[number].pid == 0) return;
    looked_after& one = commands[number];
    const auto status = process::peek_status(one.pidfd, one.pid);
    if (!status) return;  // a false alarm
    // Lost: somebody else has collected it, and the number may be another's.
    if (!status->lost()) ::kill(-one.pid, SIGKILL);
    TROUPE_STEP("keeper: group of a command killed");
    const looked_after ended = std::exchange(one, {});
    collect(base::owned_fd(ended.pidfd));
    TROUPE_STEP("keeper: command collected");
    strays_.look_soon();
    if (ended.is_orphan) return;
    memory_.process(ended.slot).commands[ended.cell].end(*status);
    notify(ended.slot);
}

// 0, or why it could not be sent. One that has ended is none that could not.
int keeper::signal_command(std::uint16_t slot, std::size_t cell, int signal, bool whole_group) noexcept {
    const auto number = find_command(slot, cell);
    if (!number) return 0;
    const looked_after& one = commands[*number];
    if (whole_group) ::kill(-one.pid, signal);
    // Where it has left its group (setpgid), it is sent the signal by itself. Where it has not, whether it got it is
    // asked: the call above succeeds when one of them did.
    const bool has_it = whole_group && ::getpgid(one.pid) == one.pid;
    return process::send_signal(one.pidfd, has_it ? 0 : signal) || errno == ESRCH ? 0 : errno;
}

void keeper::end_commands(const death& of) noexcept {
    const auto end = [](looked_after& one) {
        one.is_orphan = true;
        kill_command(one);
    };
    for (std::uint32_t number = 0; number < commands_reached_; ++number) {
        looked_after& one = commands[number];
        if (one.pid != 0 && one.slot == of.slot && !one.is_orphan) end(one);
    }
    auto& cells = memory_.process(of.slot).commands;
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
        const pid_t pid = cells[cell].pid();
        // It began, and its actor did not live to say so.
        if (is_own_child(pid) && !is_command(pid)) {
            if (const auto number = look_after_command(of.slot, cell)) end(commands[*number]);
        }
        if (pid != 0 || cells[cell].status()) cells[cell].clear();
    }
    TROUPE_STEP("keeper: commands killed");
}

void keeper::kill_every_command() noexcept {
    for (std::uint32_t number = 0; number < commands_reached_; ++number) {
        if (commands[number].pid != 0) kill_command(commands[number]);
    }
}

// Every actor is dead, and the program's own code has ended: what they began and did not tell of is found now.
void keeper::collect_every_command(base::time_point until) noexcept {
    const std::uint32_t reached = memory_.processes().reached();
    for (std::uint32_t slot = 0; slot < reached; ++slot) {
        end_commands(
            {.slot = static_cast<std::uint16_t>(slot), .again = false, .ended_well = false, .has_spawned = false});
    }
    for (std::uint32_t number = 0; number < commands_reached_; ++number) {
        const looked_after& one = commands[number];
        if (one.pid != 0 && process::has_ended(one.pidfd, kill_command(one) ? ms_until(until) : 0))
            command_ended(number);
    }
}

// In a copy of the program.
void keeper::close_commands() noexcept {
    for (std::uint32_t number = 0; number < commands_reached_; ++number) {
        if (commands[number].pid != 0) ::close(commands[number].pidfd);
    }
}

}  // namespace troupe::keepers
