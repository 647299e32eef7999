#include "launch/budget.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include <troupe/error.hpp>

#include "shm/program_layout.hpp"

namespace troupe::launch {
namespace {

constexpr std::size_t least_memory = std::size_t{4} << 20;
constexpr unsigned halvings_of_default = 2;  // a default budget is rather smaller than cut into crumbs

std::string in_mib(std::size_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

std::optional<memory_budget> fitted(std::size_t bytes, unsigned most_halvings, std::size_t room) {
    for (unsigned halvings = 0; halvings <= most_halvings; ++halvings) {
        if (shm::lay_out(bytes, halvings).end <= room) return memory_budget{bytes, halvings};
    }
    return std::nullopt;
}

[[noreturn]] void refuse(std::size_t bytes, std::size_t room, const process::memory_limits& limits) {
    const bool of_files = limits.file_size <= room;
    throw out_of_memory("shared memory of " + in_mib(bytes) + " (run_options::memory) needs " +
                        in_mib(shm::lay_out(bytes, shm::most_halvings).end) +
                        (of_files ? " of a sparse file, and files may have " : " of address space, and there are ") +
                        in_mib(room) + (of_files ? "" : " for it") + "; raise the limit (ulimit " +
                        (of_files ? "-f" : "-v") + "), or ask for less");
}

}  // namespace

memory_budget budget_for(std::size_t wanted, const process::memory_limits& limits) {
    if (wanted != 0 && wanted < least_memory) throw misuse("run_options::memory is at least 4 MiB");
    // A quarter of the address space is left to the heap and the stacks of each process, by default half of it.
    const std::size_t space = limits.address_space;
    const std::size_t most =
        std::min<std::size_t>(space == process::unlimited ? space : space - space / 4, limits.file_size);
    if (wanted != 0) {
        if (const auto found = fitted(wanted, shm::most_halvings, most)) return *found;
        refuse(wanted, most, limits);
    }
    const std::size_t room =
        std::min<std::size_t>({space == process::unlimited ? space : space / 2, limits.usual_space, limits.file_size});
    // Half of the memory: the system cannot take shared memory back when it runs short.
    const std::size_t half = std::max<std::size_t>(std::min(limits.machine, limits.cgroup) / 2, least_memory);
    for (std::size_t bytes = half; bytes >= least_memory; bytes -= bytes / 8) {
        if (const auto found = fitted(bytes, halvings_of_default, room)) return *found;
    }
    for (const std::size_t most_of_it : {room, most}) {
        if (const auto found = fitted(least_memory, shm::most_halvings, most_of_it)) return *found;
    }
    refuse(least_memory, most, limits);
}

}  // namespace troupe::launch
