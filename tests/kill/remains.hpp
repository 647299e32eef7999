// What a test program has in use: to compare before and after.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <vector>

namespace troupe::shm {
class program_memory;
}

namespace killing {

// Cells that are not free; and places in them, of all slots.
std::size_t cells_in_use(const troupe::shm::program_memory& memory);
std::size_t places_in_use(const troupe::shm::program_memory& memory);

// The pids of this process's children, zombies and the forkserver too.
std::vector<int> children_here();

struct remains {
    std::size_t children = 0;  // processes, zombies too; not the forkserver and the logger
    std::size_t slots = 0;     // of the process table
    std::size_t channels = 0;  // mailboxes, queues, pipes
    std::size_t rings = 0;     // taken, be they a channel's or nobody's
    std::size_t blocks = 0;    // large messages and arguments
    std::size_t cells = 0;     // locks, arrays, events, barriers, semaphores
    std::size_t places = 0;    // in their lines, and accounts there
    std::size_t awake = 0;     // processes that look awake; without the program
    std::size_t linked = 0;    // links
    std::size_t listed = 0;    // names, and members of topics and groups

    static remains now();
    // What an idle program has: its own slot.
    static remains nothing() { return {.slots = 1}; }
    // What is there once it equals `before`, or at the end of the watchdog: the keeper tidies a moment after a death.
    static remains settled(const remains& before);

    friend bool operator==(const remains&, const remains&) = default;
    friend std::ostream& operator<<(std::ostream& out, const remains& there);
};

}  // namespace killing
