#include "kill/remains.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>

#include <troupe/troupe.hpp>

#include "actor/own_process.hpp"

namespace killing {
namespace {

std::size_t actors_here() {
    std::size_t count = 0;
    for (const int pid : children_here()) {
        std::string name;
        std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), name);
        if (name != "troupe-forks" && name != "troupe-log" && !name.empty()) ++count;
    }
    return count;
}

troupe::task<> until_there_is(remains wanted) {
    while (remains::now() != wanted) {
        // It tidies after every message it gets.
        troupe::actors::own_process::here().tell_keeper({.word = troupe::keepers::keeper_word::slots_wanted});
        co_await troupe::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace

std::vector<int> children_here() {
    std::vector<int> all;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream list(thread.path() / "children");
        for (int pid; list >> pid;) all.push_back(pid);
    }
    return all;
}

std::size_t cells_in_use(const troupe::shm::program_memory& memory) {
    using namespace troupe;
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < memory.cells().reached(); ++i) {
        count += memory.cells().at(static_cast<std::uint16_t>(i)).life.state() != shm::channel_state::free;
    }
    return count;
}

std::size_t places_in_use(const troupe::shm::program_memory& memory) {
    using namespace troupe;
    std::size_t count = 0;
    for (std::uint32_t slot = 0; slot < memory.processes().reached(); ++slot) {
        const std::uint32_t reached = memory.cells().places_reached(static_cast<std::uint16_t>(slot));
        for (std::uint32_t i = 1; i < reached; ++i) {
            const shm::lock_place& place = memory.cells().place(shm::place_number::make(slot, i));
            count += place.state.get().state != shm::place_state::free;
        }
    }
    return count;
}

remains remains::now() {
    using namespace troupe;
    const shm::program_memory& memory = channel::participant::here().memory();
    remains there;
    there.children = actors_here();
    for (std::uint32_t i = 0; i < memory.processes().reached(); ++i) {
        const shm::process_slot& slot = memory.process(static_cast<std::uint16_t>(i));
        if (slot.present().state != shm::process_state::free) ++there.slots;
        slot.linked.for_each([&](std::uint32_t) { ++there.linked; });
    }
    memory.header().awake.for_each([&](std::uint32_t slot) { there.awake += slot != 0; });
    std::size_t rings_of_lanes = 0;
    for (std::uint32_t i = 0; i < memory.channels().reached(); ++i) {
        const shm::channel_record& channel = memory.channel(static_cast<std::uint16_t>(i));
        // The program's own lane for replies is made at its first request, its log at the first line; both stay.
        const bool lane = (channel.kind.get() == shm::channel_kind::replies && channel.reader.get() == 0) ||
                          channel.name() == memory.header().log.ring();
        if (channel.life.state() == shm::channel_state::free) continue;
        ++(lane ? rings_of_lanes : there.channels);
    }
    memory.blocks().for_each_ring([&](shm::block_id, shm::block_state, shm::owner_id) { ++there.rings; });
    there.rings -= std::min(there.rings, rings_of_lanes);
    memory.blocks().for_each_used([&](shm::block_id, shm::block_state, shm::owner_id) { ++there.blocks; });
    there.cells = cells_in_use(memory);
    there.places = places_in_use(memory);
    there.listed = memory.names().in_use();
    for (std::uint32_t i = 0; i < memory.circles().reached(); ++i) {
        memory.circles().at(i).for_each_below(shm::max_processes, [&](std::uint32_t) { ++there.listed; });
    }
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
               << there.rings << " rings, " << there.blocks << " blocks, " << there.cells << " cells, " << there.places
               << " places, " << there.awake << " awake, " << there.linked << " links, " << there.listed
               << " names and members";
}

}  // namespace killing
