#include "inspect/stack.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "inspect/code_files.hpp"
#include "inspect/failure.hpp"
#include "inspect/held_process.hpp"
#include "inspect/other_memory.hpp"
#include "inspect/stack_names.hpp"
#include "shm/process_slot.hpp"

namespace troupe::inspect {
namespace {

std::string title_of(const actor_row& actor) {
    return actor.name.empty() ? "slot:" + std::to_string(actor.slot) : actor.name;
}

// Whether the process is the actor's. Its number is not given to another one before the slot says that it has ended.
bool is_its_process(const shm::process_slot& slot, const actor_row& actor) {
    return slot.actor().value == actor.id && slot.pid.get() == actor.pid && !shm::has_ended(slot.present().state);
}

// The coroutines that the process waits for something with; none while it runs, because its list is then that of its
// last sleep.
std::set<std::uint64_t> waiters_of(const shm::process_slot& slot) {
    std::set<std::uint64_t> waiters;
    if (slot.told.doing.asleep_at.get() == 0) return waiters;
    const std::uint32_t version = slot.told.waiting.version();
    const auto list = slot.told.waiting.read();
    shm::has_read();
    if (version % 2 != 0 || slot.told.waiting.version() != version) return waiters;
    for (std::size_t i = 0; i < list.count; ++i) waiters.insert(list.entries[i].waiter);
    return waiters;
}

// An actor may have gone on since the row was made: then what it waited for there is left out.
std::vector<coroutine_line> lines_of(const shm::process_slot& slot, const actor_row& actor,
                                     const other_memory& memory) {
    std::vector<coroutine_line> lines;
    const std::set<std::uint64_t> waiters = waiters_of(slot);
    for (const waiting_row& one : actor.waits) {
        if (one.waiter == 0 || !waiters.contains(one.waiter)) continue;
        coroutine_line line = read_line(memory, one);
        if (!line.places.empty()) lines.push_back(std::move(line));
    }
    return lines;
}

}  // namespace

held_stack read_stack(const observer& from, const actor_row& actor) {
    const pid_t pid = actor.outer_pid != 0 ? actor.outer_pid : actor.pid;
    if (pid <= 0 || actor.slot >= shm::max_processes) {
        throw failure(title_of(actor) + " has no process at this moment, so it has no stack");
    }
    // The number stands in memory that may be damaged, and this process may have the right to hold any other.
    if (!may_be_of(from.program(), pid)) {
        throw failure("process " + std::to_string(pid) + " of " + title_of(actor) +
                      " has ended, or is none of the program's");
    }
    const shm::process_slot& slot = from.view().process(actor.slot);
    held_stack found;
    const auto look = [&] {
        if (!is_its_process(slot, actor)) throw failure(title_of(actor) + " ended before its stack was read");
        found.waiting = lines_of(slot, actor, other_memory(pid));
    };
    const standing here = hold(pid, title_of(actor), look);
    found.held_ms = here.held_ms;
    found.state = here.state;
    found.frames = frames_of(pid, here, code_files(pid));
    return found;
}

}  // namespace troupe::inspect
