#define CATCH_CONFIG_EXTERNAL_INTERFACES
#include "leak_listener.hpp"

#include <dirent.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <vector>

#include <troupe/descriptor.hpp>
#include <troupe/queue.hpp>
#include <troupe/readiness.hpp>
#include <troupe/spawn.hpp>
#include <troupe/when.hpp>

#include "actor/own_process.hpp"
#include "base/owned_fd.hpp"
#include "catch.hpp"
#include "kill/remains.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;

std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    DIR* const open = opendir(directory.c_str());
    if (open == nullptr) return names;
    const std::string own = std::to_string(dirfd(open));
    while (const dirent* entry = readdir(open)) {
        if (entry->d_name[0] != '.' && entry->d_name != own) names.emplace_back(entry->d_name);
    }
    closedir(open);
    return names;
}

// What every program of tests has, or has once one of them logs.
bool is_servant(int pid) {
    std::ifstream comm("/proc/" + std::to_string(pid) + "/comm");
    std::string name;
    std::getline(comm, name);
    return name == "troupe-forks" || name == "troupe-log";
}

// The number stays out of it: what was reopened in another place is the same.
std::string target_of(const std::string& link) {
    char target[256];
    const ssize_t length = readlink(link.c_str(), target, sizeof target);
    return length <= 0 ? std::string() : std::string(target, static_cast<std::size_t>(length));
}

bool in_use(const troupe::shm::channel_record& record) {
    return record.life.state() != troupe::shm::channel_state::free;
}

struct greeting {
    using reply = int;
};

troupe::task<> greeter(troupe::mailbox<greeting> inbox) {
    co_await inbox.serve([](greeting) { return 1; });
}

// What the program opens once, at first use, is open before the first test: the loop, the forkserver, the lane that
// replies come through, the set of descriptors that are waited for, the socket that it is answered on about open files.
troupe::task<> warm_up() {
    for (const auto method : {troupe::start_method::default_method, troupe::start_method::forkserver}) {
        const auto one = co_await troupe::spawn<greeter>({.method = method});
        co_await one.ask(greeting{});
        one.stop();
        co_await one.join();
    }
    const troupe::base::owned_fd quiet(eventfd(0, EFD_CLOEXEC));
    auto first_wait = co_await troupe::when_any(troupe::readable(quiet.get()), troupe::sleep_for(1ms));
    static_cast<void>(first_wait);
    troupe::queue<troupe::descriptor> files;
    co_await files.put(troupe::descriptor(dup(STDIN_FILENO)));
    co_await files.get();
}

class leak_listener : public checks::listener {
public:
    using checks::listener::listener;

    void testRunStarting(const Catch::TestRunInfo&) override { watched(warm_up()); }

    void testCaseStarting(const Catch::TestCaseInfo& test) override {
        depth_ = 0;
        name_ = test.name;
        before_ = settled(before_);
    }

    void sectionStarting(const Catch::SectionInfo&) override { ++depth_; }

    void sectionEnded(const Catch::SectionStats&) override {
        if (--depth_ > 0) return;  // the outermost section is the case itself
        const std::string left = left_behind(before_, settled(before_));
        if (!left.empty()) FAIL_CHECK(name_ << " left behind: " << left);
    }

private:
    // An end is told before the keeper has collected it: what is on its way out may go.
    static belongings settled(const belongings& before) {
        const auto give_up = std::chrono::steady_clock::now() + 5s;
        belongings now = what_is_held();
        while (!left_behind(before, now).empty() && std::chrono::steady_clock::now() < give_up) {
            watched(troupe::sleep_for(1ms));
            now = what_is_held();
        }
        return now;
    }

    int depth_ = 0;
    std::string name_;
    belongings before_ = what_is_held();
};

CATCH_REGISTER_LISTENER(leak_listener)

}  // namespace

belongings what_is_held() {
    belongings held;
    for (const std::string& thread : names_in("/proc/self/task")) {
        std::ifstream children("/proc/self/task/" + thread + "/children");
        for (int pid = 0; children >> pid;) {
            if (!is_servant(pid)) held.children.insert(pid);
        }
    }

    auto& participant = troupe::actors::own_process::here().participant();
    participant.doorbells().close_all();
    for (const std::string& number : names_in("/proc/self/fd")) {
        const std::string target = target_of("/proc/self/fd/" + number);
        if (!target.empty()) held.descriptors.insert(number + " (" + target + ")");
    }

    auto& memory = participant.memory();
    const std::uint32_t reached = memory.channels().reached();
    for (std::uint32_t i = 0; i < reached; ++i) {
        const auto& one = memory.channel(static_cast<std::uint16_t>(i));
        if (in_use(one) && one.name() != memory.header().log.ring()) ++held.channels;
    }
    held.logs = static_cast<bool>(memory.header().log.ring());
    memory.blocks().for_each_used([&](auto, auto, auto) { ++held.blocks; });
    held.cells = killing::cells_in_use(memory);
    held.places = killing::places_in_use(memory);
    return held;
}

std::string left_behind(const belongings& before, const belongings& now) {
    std::ostringstream words;
    for (const int pid : now.children) {
        if (!before.children.contains(pid)) words << "child " << pid << "; ";
    }
    // The keeper's, of the logger: what it is rung by, and its pidfd.
    const std::size_t of_logger = now.logs && !before.logs ? 2 : 0;
    if (now.descriptors.size() > before.descriptors.size() + of_logger) {
        for (const std::string& one : now.descriptors) {
            if (!before.descriptors.contains(one)) words << "descriptor " << one << "; ";
        }
    }
    if (now.channels > before.channels) words << now.channels - before.channels << " channels; ";
    if (now.blocks > before.blocks) words << now.blocks - before.blocks << " blocks; ";
    if (now.cells > before.cells) words << now.cells - before.cells << " cells; ";
    if (now.places > before.places) words << now.places - before.places << " places; ";
    return words.str();
}
