#include "chaos/trouble.hpp"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <troupe/time.hpp>

#include "channel/station.hpp"
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
    return (state == shm::process_state::starting || state == shm::process_state::running) && slot.pid > 0;
}

}  // namespace

trouble::target trouble::pick() {
    const shm::program_memory& memory = troupe::channel::station::here().memory();
    std::vector<const shm::process_slot*> there;
    for (std::uint32_t i = 1; i < memory.header().slots_reached; ++i) {
        const shm::process_slot& slot = memory.process(static_cast<std::uint16_t>(i));
        if (i != shm::keeper_slot && has_process(slot)) there.push_back(&slot);
    }
    most_actors = std::max(most_actors, there.size());
    if (there.empty()) return {};
    const shm::process_slot& one = *there[up_to(there.size() - 1)];
    const pid_t pid = one.pid;
    target found{troupe::process::open_pidfd(pid), false};
    // Its end is not collected before its slot says so: the number was its own.
    if (!has_process(one) || one.pid != pid) return {};
    const std::string_view name(one.name);
    found.takes = name.starts_with("consumer") || name.starts_with("sink");
    return found;
}

troupe::task<> trouble::make() {
    const auto pause = [this] { return troupe::sleep_for(std::chrono::milliseconds(1 + up_to(3))); };
    const std::size_t what = up_to(99);
    if (what == 0) {
        if (const pid_t server = forkserver(); server > 0 && kill(server, SIGKILL) == 0) ++servers;
    } else if (const target one = pick(); one.process) {
        if (what < 60) {
            const int signal = what < 50 ? SIGKILL : SIGABRT;
            if (troupe::process::send_signal(one.process.get(), signal)) {
                ++(signal == SIGKILL ? kills : crashes);
                if (one.takes) ++of_takers;
            }
        } else if (troupe::process::send_signal(one.process.get(), SIGSTOP)) {
            ++stops;
            co_await pause();
            troupe::process::send_signal(one.process.get(), SIGCONT);
        }
    }
    co_await pause();
}

}  // namespace chaos
