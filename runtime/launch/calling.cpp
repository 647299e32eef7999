#include "launch/calling.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <troupe/error.hpp>

#include "base/copies.hpp"
#include "base/say.hpp"
#include "launch/handed.hpp"
#include "process/birthmark.hpp"
#include "shm/shared_text.hpp"

namespace troupe::launch {
namespace {

constexpr int could_not_begin = 127;
constexpr std::string_view server_calling = "server", logger_calling = "logger";

std::optional<shm::program_memory> memory_behind(base::owned_fd fd) {
    if (!shm::segment::is_one(fd.get())) return std::nullopt;
    try {
        return shm::program_memory::attach(std::move(fd));
    } catch (const error&) {
        return std::nullopt;
    }
}

std::optional<shm::program_memory> handed_on() {
    return memory_behind(base::owned_fd(fcntl(handed_memory, F_DUPFD_CLOEXEC, 0)));
}

// By way of the process that made this one.
std::optional<shm::program_memory> memory_of_parent() {
    const std::string folder = "/proc/" + std::to_string(getppid()) + "/fd";
    const std::unique_ptr<DIR, int (*)(DIR*)> open_files(opendir(folder.c_str()), &closedir);
    if (!open_files) return std::nullopt;
    while (const dirent* one = readdir(open_files.get())) {
        char target[64]{};
        const std::string path = folder + '/' + one->d_name;
        if (readlink(path.c_str(), target, sizeof target - 1) <= 0) continue;
        if (!std::string_view(target).starts_with("/memfd:troupe")) continue;
        auto memory = memory_behind(base::owned_fd(open(path.c_str(), O_RDWR | O_CLOEXEC)));
        if (memory && memory->header().program_pid == getppid()) return memory;
    }
    return std::nullopt;
}

// The process that is being started, and has this pid.
std::optional<calling> called_by_pid(const shm::program_memory& memory) {
    const pid_t self = getpid();
    if (memory.header().server.pid.get() == self) return calling{.server = true};
    if (memory.header().log.pid.get() == self) return calling{.logger = true};
    for (std::uint32_t i = 0; i < memory.processes().reached(); ++i) {
        const auto number = static_cast<std::uint16_t>(i);
        const shm::process_slot& slot = memory.process(number);
        const shm::process_state state = slot.present().state;
        if (state != shm::process_state::starting && state != shm::process_state::cloning) continue;
        if (slot.pid.get() == self) return calling{.slot = number, .actor = slot.actor()};
    }
    return std::nullopt;
}

calling read(const std::string& told) {
    if (told == server_calling) return {.server = true};
    if (told == logger_calling) return {.logger = true};
    char* end = nullptr;
    const auto slot = static_cast<std::uint16_t>(std::strtoul(told.c_str(), &end, 10) % shm::max_processes);
    return {.slot = slot, .actor = detail::actor_id{std::strtoull(end, nullptr, 10)}};
}

bool is_socket(int fd) {
    struct stat about{};
    return fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode);
}

bool all_handed(const calling& called) {
    const auto is_open = [](int fd) { return fcntl(fd, F_GETFD) >= 0; };
    if (!shm::segment::is_one(handed_memory) || !is_socket(handed_keeper) || !is_socket(handed_server)) return false;
    if (!is_open(handed_lifeline)) return false;
    if (called.server) return is_socket(handed_requests);
    if (called.logger) return is_open(handed_bell);
    return is_open(handed_bell) && is_open(handed_parent_bell);
}

// The environment does not say what this process is; the memory may.
std::optional<calling> find_unmarked() {
    if (shm::segment::is_mapped_here()) {
        throw misuse(std::string("troupe::run is called once in a process, and another copy of troupe has done so; ") +
                     base::if_there_are_copies);
    }
    auto memory = handed_on();
    const bool handed = memory.has_value();
    // Every child of troupe's dies with its parent, and few others do.
    int ends_with_parent = 0;
    prctl(PR_GET_PDEATHSIG, &ends_with_parent);
    if (!memory && ends_with_parent == SIGKILL) memory = memory_of_parent();
    if (!memory) return std::nullopt;
    if (memory->header().program_pid == getppid()) {
        if (auto called = called_by_pid(*memory)) return called;
    }
    if (!handed) return std::nullopt;
    give_up(
        {}, nullptr,
        "it has the shared memory of a program, and is none of its actors; before troupe::run, main shall not fork");
}

}  // namespace

std::string to_string(const calling& called) {
    if (called.server) return std::string(server_calling);
    if (called.logger) return std::string(logger_calling);
    return std::to_string(called.slot) + ' ' + std::to_string(called.actor.value);
}

std::optional<calling> find_calling() {
    const std::string& told = process::own_calling();
    std::optional<calling> called = told.empty() ? find_unmarked() : read(told);
    if (!called) return std::nullopt;
    if (process::is_copy_of_called()) {
        auto memory = handed_on();
        give_up(*called, memory ? &*memory : nullptr,
                "main forked before troupe::run, as daemon() does, and only the process that was started can be it; "
                "fork in the program alone, after run has begun, or not at all");
    }
    if (!all_handed(*called)) {
        auto memory = memory_of_parent();
        give_up(*called, memory ? &*memory : nullptr,
                "main closed the descriptors that troupe handed to it; before troupe::run, close none but your own");
    }
    return called;
}

void give_up(const calling& called, shm::program_memory* memory, const std::string& why) noexcept {
    const char* const who = called.server ? "the forkserver" : called.logger ? "the logger" : "an actor";
    base::say("process %d was started to be %s and cannot: %s", static_cast<int>(getpid()), who, why.c_str());
    if (memory != nullptr && called.actor) {
        shm::process_slot& slot = memory->process(called.slot);
        if (slot.actor() == called.actor) shm::store_text(slot.start.failure, why);
    }
    _exit(could_not_begin);
}

}  // namespace troupe::launch
