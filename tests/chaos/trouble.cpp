#include "chaos/trouble.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <troupe/time.hpp>

#include "channel/participant.hpp"
#include "chaos/crew.hpp"
#include "chaos/witness.hpp"
#include "process/pidfd.hpp"

namespace chaos {
namespace {

namespace shm = troupe::shm;

pid_t forkserver() {
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream children(thread.path() / "children");
        for (pid_t pid; children >> pid;) {
            std::string name;
            std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), name);
            if (name == "troupe-forks") return pid;
        }
    }
    return 0;
}

bool has_process(const shm::process_slot& slot) {
    const shm::process_state state = slot.present().state;
    return (state == shm::process_state::starting || state == shm::process_state::running) && slot.pid.get() > 0;
}

}  // namespace

std::vector<const shm::process_slot*> trouble::all_there() {
    const shm::program_memory& memory = troupe::channel::participant::here().memory();
    std::vector<const shm::process_slot*> there;
    for (std::uint32_t i = 1; i < memory.processes().reached(); ++i) {
        const shm::process_slot& slot = memory.process(static_cast<std::uint16_t>(i));
        if (i != shm::keeper_slot && has_process(slot)) there.push_back(&slot);
    }
    return there;
}

trouble::target trouble::pick() {
    const std::vector<const shm::process_slot*> there = all_there();
    most_actors = std::max(most_actors, there.size());
    if (there.empty()) return {};
    const shm::process_slot& one = *there[up_to(there.size() - 1)];
    const pid_t pid = one.pid.get();
    target found{troupe::process::open_pidfd(pid), pid, false};
    // Its end is not collected before its slot says so: the number was its own.
    if (!has_process(one) || one.pid.get() != pid) return {};
    const std::string_view name(one.who.name);
    found.takes = name.starts_with("consumer") || name.starts_with("sink") || name.starts_with("radio");
    return found;
}

troupe::task<> trouble::recovered() {
    const auto is_running = [](const shm::process_slot* one) {
        return one->present().state == shm::process_state::running;
    };
    for (;;) {
        const std::vector<const shm::process_slot*> there = all_there();
        if (std::count_if(there.begin(), there.end(), is_running) >= fewest_running) co_return;
        co_await troupe::sleep_for(std::chrono::milliseconds(1));
    }
}

troupe::task<> trouble::until_there_is_a_logger() {
    const shm::log_record& log = troupe::channel::participant::here().memory().header().log;
    while (!log.runs()) co_await troupe::sleep_for(std::chrono::milliseconds(1));
}

void trouble::kill_one(const target& one, int signal) {
    if (!troupe::process::send_signal(one.process.get(), signal)) return;
    ++(signal == SIGKILL ? kills : crashes);
    if (one.takes) ++of_takers;
}

// No handler here takes long: whoever was killed as late was stopped.
void trouble::note_hung() const noexcept {
    const shm::program_memory& memory = troupe::channel::participant::here().memory();
    for (std::uint32_t i = 1; i < memory.processes().reached(); ++i) {
        if (memory.process(static_cast<std::uint16_t>(i)).ending.hung.get() != 0) the_witness().hung = 1;
    }
}

void trouble::freeze_past_deadlines() noexcept {
    ++freezes;
    outside_.freeze(handler_deadline + std::chrono::seconds(1));
}

// Of a hundred: 1 forkserver or logger, 2 freezes, 3 groups, 4 traced; then 50 killed, 10 aborted, 30 stopped.
troupe::task<> trouble::make() {
    const auto pause = [this] { return std::chrono::milliseconds(1 + up_to(3)); };
    const std::size_t what = up_to(99);
    note_hung();
    if (what == 0) {
        const shm::log_record& log = troupe::channel::participant::here().memory().header().log;
        const pid_t server = forkserver(), logger = log.runs() ? log.pid.get() : 0;
        if (up_to(1) == 0) {
            if (server > 0 && kill(server, SIGKILL) == 0) ++servers;
        } else if (logger > 0 && kill(logger, SIGKILL) == 0) {
            ++loggers;
        }
    } else if (what < 3) {
        ++freezes;
        outside_.freeze(10 * pause());
    } else if (what < 6) {
        if (const pid_t group = the_witness().group; group > 1 && kill(-group, SIGTERM) == 0) ++terms;
    } else if (const target one = pick(); one.process) {
        if (what < 10) {
            ++traces;
            outside_.trace(one.pid, 5 * pause());
            if (what < 8) {
                co_await troupe::sleep_for(pause());
                kill_one(one, SIGKILL);
            }
        } else if (what < 70) {
            kill_one(one, what < 60 ? SIGKILL : SIGABRT);
        } else if (troupe::process::send_signal(one.process.get(), SIGSTOP)) {
            ++stops;
            co_await troupe::sleep_for(pause());
            troupe::process::send_signal(one.process.get(), SIGCONT);
        }
    }
    co_await troupe::sleep_for(pause());
    co_await troupe::with_timeout(patience, recovered());
}

}  // namespace chaos
