// What can be seen of the lines of locks from inside: for tests that wait until somebody is in line.
#pragma once

#include <chrono>
#include <cstddef>

#include <troupe/troupe.hpp>

#include "channel/participant.hpp"

namespace lines {

// Places that wait, in all lines of the program.
inline std::size_t waiting() {
    using namespace troupe::shm;
    program_memory& memory = troupe::channel::participant::here().memory();
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < memory.cells().reached(); ++i) {
        const cell& one = memory.cells().at(static_cast<std::uint16_t>(i));
        if (!one.is_open() || one.kind.get() == cell_kind::event || one.kind.get() == cell_kind::barrier) continue;
        for (place_number place = one.word.get().top; place; place = memory.cells().place(place).older()) {
            const place_state is = memory.cells().place(place).state.get().state;
            count += is == place_state::waiting || is == place_state::parked;
        }
    }
    return count;
}

// Places of this process that are not free.
inline std::size_t places_here() {
    using namespace troupe::shm;
    troupe::channel::participant& here = troupe::channel::participant::here();
    const cell_table& cells = here.memory().cells();
    std::size_t count = 0;
    for (std::uint32_t i = 1; i < cells.places_reached(here.slot()); ++i) {
        count += cells.place(place_number::make(here.slot(), i)).state.get().state != place_state::free;
    }
    return count;
}

// Ends once so many wait.
inline troupe::task<> until_in_line(std::size_t many) {
    while (waiting() < many) co_await troupe::sleep_for(std::chrono::milliseconds(1));
}

// Ends once so many places of the program wait in conditions.
inline troupe::task<> until_in_condition(std::size_t many) {
    using namespace troupe::shm;
    program_memory& memory = troupe::channel::participant::here().memory();
    for (std::size_t count = 0; count < many;) {
        count = 0;
        for (std::uint32_t slot = 0; slot < memory.processes().reached(); ++slot) {
            for (std::uint32_t i = 1; i < memory.cells().places_reached(static_cast<std::uint16_t>(slot)); ++i) {
                const lock_place& place = memory.cells().place(place_number::make(slot, i));
                count += place.state.get().state == place_state::cwait;
            }
        }
        if (count < many) co_await troupe::sleep_for(std::chrono::milliseconds(1));
    }
}

// Ends once somebody sleeps at a semaphore's turnstile.
inline troupe::task<> until_at_turnstile() {
    using namespace troupe::shm;
    program_memory& memory = troupe::channel::participant::here().memory();
    const auto sleeps = [&memory] {
        for (std::uint32_t i = 0; i < memory.cells().reached(); ++i) {
            cell& one = memory.cells().at(static_cast<std::uint16_t>(i));
            if (one.is_open() && one.kind.get() == cell_kind::semaphore && one.semaphore().sleeps.get()) return true;
        }
        return false;
    };
    while (!sleeps()) co_await troupe::sleep_for(std::chrono::milliseconds(1));
}

// Ends once so many processes sleep on events and barriers.
inline troupe::task<> until_asleep(std::size_t many) {
    using namespace troupe::shm;
    program_memory& memory = troupe::channel::participant::here().memory();
    for (std::size_t count = 0; count < many;) {
        count = 0;
        for (std::uint32_t i = 0; i < memory.cells().reached(); ++i) {
            memory.cells().at(static_cast<std::uint16_t>(i)).waiting.for_each([&](std::uint32_t) { ++count; });
        }
        if (count < many) co_await troupe::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace lines
