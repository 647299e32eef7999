#include "inspect/orders.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "base/owned_fd.hpp"
#include "inspect/failure.hpp"
#include "inspect/host_process.hpp"
#include "inspect/observer.hpp"
#include "shm/program_header.hpp"
#include "shm/shared_text.hpp"

namespace troupe::inspect {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds between_looks(1);
// The keeper may have begun in time, and be held up before it answers.
constexpr milliseconds last_look_after = 500ms;

std::string program_of(std::int32_t pid) { return "program " + std::to_string(pid); }

[[noreturn]] void fail_as_ended(std::int32_t pid) { throw failure(program_of(pid) + " ended while it was looked at"); }

void refuse_stopped(std::int32_t pid) {
    const auto process = read_process(pid);
    if (!process || process->has_ended()) fail_as_ended(pid);
    const std::string number = std::to_string(pid), silent = "the keeper of program " + number + " does not answer: ";
    if (process->state == 'T') {
        throw failure(silent + "its process is stopped (SIGSTOP); nothing was done. kill -CONT " + number);
    }
}

[[noreturn]] void fail_as_silent(std::int32_t pid, milliseconds waited) {
    refuse_stopped(pid);
    const std::string silent = "the keeper of program " + std::to_string(pid) + " does not answer: ";
    if (read_process(pid).value_or(host_process{}).state == 't') {
        throw failure(silent +
                      "its process is held by a debugger; nothing was done. Let it go on there, then ask again");
    }
    throw failure(silent + "it took no order for " + std::to_string(waited.count()) +
                  " ms. The order is no longer good; ask again");
}

// The ends of the program's pipe that are this process's. It is a reader too, so that a program which ends meanwhile
// does not make the write a signal.
class order_pipe {
public:
    order_pipe(const program_found& where, int number) : pid_(where.pid) {
        // Whoever has the number of the process later is not in that folder.
        const base::owned_fd process(::open(("/proc/" + std::to_string(pid_)).c_str(), O_PATH | O_CLOEXEC));
        if (!process) fail_as_ended(pid_);
        open_memory(process.get(), where);
        // What the program names may be anything it has open, and this process may have more rights than it: nothing
        // but a pipe without a name is opened, and nothing before it is known to be one.
        const base::owned_fd found(openat(process.get(), ("fd/" + std::to_string(number)).c_str(), O_PATH | O_CLOEXEC));
        if (!found) fail(errno);
        struct statfs file_system{};
        struct stat file{};
        if (fstatfs(found.get(), &file_system) != 0 || fstat(found.get(), &file) != 0 || !S_ISFIFO(file.st_mode) ||
            file_system.f_type != PIPEFS_MAGIC) {
            throw failure("the shared memory of " + program_of(pid_) +
                          " is damaged: what it names as its pipe for orders is none");
        }
        const std::string path = "/proc/self/fd/" + std::to_string(found.get());
        near_.reset(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        far_.reset(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
        if (!near_ || !far_) fail(errno);
    }

    // The keeper has room for few answers, so one that nobody has seen yet is lost when many order at a time. Therefore
    // they take turns, by a lock on the program's memory. It is that of an opening of its own, and ends with this.
    bool is_my_turn() noexcept {
        has_turn_ = has_turn_ || ::flock(memory_.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
        return has_turn_;
    }

    // False: it is full.
    bool write(const shm::order& one) const {
        const ssize_t written = ::write(far_.get(), &one, sizeof one);
        if (written == static_cast<ssize_t>(sizeof one)) return true;
        if (written < 0 && errno != EAGAIN && errno != EINTR) fail(errno);
        return false;
    }

private:
    void open_memory(int process, const program_found& where) {
        const std::string number = where.memory.substr(where.memory.find_last_of('/') + 1);
        const base::owned_fd found(openat(process, ("fd/" + number).c_str(), O_PATH | O_CLOEXEC));
        struct stat file{};
        const bool is_it =
            found && fstat(found.get(), &file) == 0 && file.st_dev == where.device && file.st_ino == where.inode;
        if (!is_it) fail_as_ended(pid_);
        memory_.reset(::open(("/proc/self/fd/" + std::to_string(found.get())).c_str(), O_RDONLY | O_CLOEXEC));
        if (!memory_) fail(errno);
    }
    [[noreturn]] void fail(int error) const {
        if (error == ENOENT || error == ESRCH) fail_as_ended(pid_);
        if (error == EACCES || error == EPERM) {
            throw failure("you may not give orders to " + program_of(pid_) + ": run as its user, or as root");
        }
        throw failure("orders cannot be given to " + program_of(pid_) + ": " + std::strerror(error));
    }

    std::int32_t pid_;
    bool has_turn_ = false;
    base::owned_fd memory_;
    base::owned_fd near_;
    base::owned_fd far_;
};

std::uint64_t drawn_number() {
    std::uint64_t number = 0;
    while (number == 0) {
        if (getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) number = 0;
    }
    return number;
}

std::optional<order_reply> find_answer(const shm::program_header& header, std::uint64_t number) {
    for (const shm::order_answer& one : header.answers) {
        if (one.number.get() != number) continue;
        const std::uint32_t result = one.result.get();
        const order_reply reply{static_cast<order_result>(result), one.pid.get(), one.error.get()};
        shm::has_read();
        const bool is_known = result <= static_cast<std::uint32_t>(shm::last_order_result);
        if (one.number.get() == number && is_known) return reply;
    }
    return std::nullopt;
}

std::uint32_t in_ms(base::time_point when) {
    return static_cast<std::uint32_t>(std::chrono::floor<milliseconds>(when.time_since_epoch()).count());
}

}  // namespace

order_reply send_order(const shm::program_view& program, const program_found& where, const order& wanted,
                       milliseconds budget) {
    const int number = program.identity().orders.get();
    if (number < 0) {
        throw failure(program_of(where.pid) +
                      " takes no orders: it had no descriptor left for that when it began (ulimit -n)");
    }
    refuse_stopped(where.pid);
    order_pipe pipe(where, number);
    budget = std::clamp<milliseconds>(budget, between_looks, milliseconds(shm::longest_order_ms) - 1ms);
    const base::time_point end = base::steady_clock::now() + budget;
    // Somebody may have been stopped in his turn.
    const base::time_point out_of_turn = end - budget / 2;
    const shm::order one{.good_until = in_ms(end),
                         .number = drawn_number(),
                         .actor = wanted.actor,
                         .budget_ms = std::min(wanted.budget_ms, shm::most_budget_ms),
                         .layout = static_cast<std::uint16_t>(shm::layout_version),
                         .kind = wanted.kind,
                         .what = static_cast<std::uint8_t>(wanted.what)};
    bool written = false;
    for (base::time_point now = base::steady_clock::now(); now < end + last_look_after;
         now = base::steady_clock::now()) {
        const bool may_write = !written && now < end && (pipe.is_my_turn() || now >= out_of_turn);
        if (may_write) written = pipe.write(one);
        if (const auto reply = find_answer(program.header(), one.number)) return *reply;
        std::this_thread::sleep_for(between_looks);
    }
    fail_as_silent(where.pid, budget);
}

order_reply send_order(const observer& of, const order& wanted, milliseconds budget) {
    return send_order(of.view(), of.program(), wanted, budget);
}

}  // namespace troupe::inspect
