#include "kill/remains.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>

#include <troupe/troupe.hpp>

#include "actor/own_process.hpp"

namespace killing {
namespace {

std::size_t children_here() {
    std::size_t count = 0;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream list(thread.path() / "children");
        for (int pid; list >> pid;) {
            std::string name;
            std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), name);
            if (name != "troupe-forks" && !name.empty()) ++count;
        }
    }
    return count;
}

troupe::task<> until_there_is(remains wanted) {
    while (remains::now() != wanted) {
        // It tidies after every message it gets.
        troupe::actors::own_process::here().tell_keeper({.word = troupe::actors::keeper_word::slots_wanted});
        co_await troupe::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace

remains remains::now() {
    using namespace troupe;
    const shm::program_memory& memory = channel::station::here().memory();
    remains there;
    there.children = children_here();
    for (std::uint32_t i = 0; i < memory.header().slots_reached; ++i) {
        if (memory.process(static_cast<std::uint16_t>(i)).present().state != shm::process_state::free) ++there.slots;
    }
    for (std::uint32_t i = 0; i < memory.header().channels_reached; ++i) {
        const shm::channel_record& channel = memory.channel(static_cast<std::uint16_t>(i));
        // The program's own lane for replies is made at its first request, and stays.
        const bool lane = channel.kind == static_cast<std::uint32_t>(shm::channel_kind::replies) && channel.reader == 0;
        if (channel.state != 0 && !lane) ++there.channels;
    }
    memory.blocks().for_each_used([&](shm::block_id, shm::block_state, shm::owner_id) { ++there.blocks; });
    return there;
}

remains remains::settled(const remains& before) {
    try {
        troupe::sync_wait(troupe::with_timeout(std::chrono::seconds(20), until_there_is(before)));
    } catch (const troupe::timed_out&) {
        // the caller compares
    }
    return now();
}

std::ostream& operator<<(std::ostream& out, const remains& there) {
    return out << there.children << " children, " << there.slots << " slots, " << there.channels << " channels, "
               << there.blocks << " blocks";
}

}  // namespace killing
