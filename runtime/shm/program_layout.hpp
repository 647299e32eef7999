// Where everything stands in a program's shared memory: first the windows of the blocks, then the log of how actors
// ended, the names, topics and groups, the cells, the places of every slot, what is written for those who look in from
// outside, the header, the tables, cut into slices, and last a page that says what program this is.
//
// A page table describes 2 MiB, and costs as much to make, and again to free when its process ends, as a page fault. So
// what a process of a small program touches lies together: a slice holds the n-th part of every table; the windows that
// nearly every actor uses stand next to the tables, and all are filled from their ends; and the segment ends where the
// system has put the libraries.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/machine.hpp"
#include "base/post_mortem.hpp"
#include "shm/block.hpp"
#include "shm/catalogue.hpp"
#include "shm/cell.hpp"
#include "shm/channel_record.hpp"
#include "shm/circle_record.hpp"
#include "shm/end_log.hpp"
#include "shm/exit_log.hpp"
#include "shm/lock_place.hpp"
#include "shm/name_record.hpp"
#include "shm/process_slot.hpp"
#include "shm/program_identity.hpp"
#include "shm/ring.hpp"

namespace troupe::shm {

using base::page_bytes;

inline constexpr std::uint32_t slices = 256;
inline constexpr std::uint32_t processes_a_slice = max_processes / slices;
inline constexpr std::uint32_t channels_a_slice = max_channels / slices;
inline constexpr std::uint32_t blocks_a_slice = most_blocks / slices;

// Backed bit by bit, as its parts are used for the first time.
struct alignas(page_bytes) slice {
    process_slot processes[processes_a_slice];
    base::post_mortem post_mortems[processes_a_slice];
    channel_record channels[channels_a_slice];
    std::atomic<std::uint64_t> blocks[block_classes][blocks_a_slice];  // their states
};
static_assert(offsetof(slice, post_mortems) % page_bytes == 0 && sizeof(base::post_mortem) == page_bytes);
static_assert(offsetof(slice, blocks) % page_bytes == 0 && page_bytes % sizeof(slice::blocks[0]) == 0);

constexpr std::size_t whole_pages(std::size_t bytes) noexcept {
    return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

// Behind the windows, whatever these hold: from the end of the segment the header is found by its length alone.
inline constexpr std::size_t slices_bytes = slices * sizeof(slice);
inline constexpr std::size_t identity_bytes = sizeof(program_identity);
inline constexpr std::size_t end_bytes = page_bytes + slices_bytes + identity_bytes;  // from the header on

// The cells, and beside each slot's places the bits of the cells that its process holds. Where address space is short
// there are fewer: cells are halved as often as the windows are, places twice as often.
constexpr std::uint32_t cells_in(unsigned halvings) noexcept { return most_cells >> halvings; }
constexpr std::uint32_t places_in(unsigned halvings) noexcept { return std::max(most_places >> 2 * halvings, 32u); }
// An index is held to its bounds by a mask.
static_assert((most_cells & (most_cells - 1)) == 0 && (most_places & (most_places - 1)) == 0);
constexpr std::size_t cells_bytes(unsigned halvings) noexcept {
    return whole_pages(cells_in(halvings) * sizeof(cell)) + page_bytes;
}
constexpr std::size_t lock_area_bytes(unsigned halvings) noexcept {
    return whole_pages(places_in(halvings) * sizeof(lock_place) + cells_in(halvings) / 8);
}
// The names, and the topics and groups: as many as there can be, whatever the budget.
inline constexpr std::uint32_t most_names = 4096, most_circles = 1024;
inline constexpr std::size_t names_bytes = most_names * sizeof(name_record);
inline constexpr std::size_t circles_bytes = most_circles * sizeof(circle_record);
constexpr std::size_t tables_bytes(unsigned halvings) noexcept {
    return exit_log_bytes + names_bytes + circles_bytes + cells_bytes(halvings) +
           max_processes * lock_area_bytes(halvings) + end_log_bytes + catalogue_bytes + end_bytes;
}

// A window need not hold more than the budget: no size has more than that in use. Where address space is short, each
// may hold a part of it only, halved so many times; the usual ring may use it up even then, as an actor costs one. One
// block of each size there is all the same, unless it is larger than the budget.
inline constexpr unsigned most_halvings = 4;

constexpr segment_map lay_out(std::size_t budget, unsigned halvings) noexcept {
    constexpr std::size_t window_bytes = std::size_t{16} << 30;                      // at most
    constexpr std::uint32_t usual_ring = message_classes + 12 - smallest_ring_bits;  // of a mailbox by default
    constexpr std::uint32_t smallest_block = 0;
    segment_map map;
    map.budget = budget;
    map.halvings = halvings;
    std::size_t offset = 0;
    const auto add = [&](std::uint32_t c) {
        block_class& one = map.classes[c];
        one.bytes = c < message_classes ? std::size_t{1} << (smallest_block_bits + c)
                                        : whole_pages(ring::bytes(1u << (smallest_ring_bits + c - message_classes)));
        const std::size_t part = c == usual_ring ? budget : budget >> halvings;
        const std::size_t count = std::min({window_bytes / one.bytes, part / one.bytes, std::size_t{most_blocks}});
        one.count = static_cast<std::uint32_t>(std::max<std::size_t>(count, one.bytes <= budget ? 1 : 0));
        offset += one.count * one.bytes;
        one.end = offset;
    };
    for (std::uint32_t c = block_classes; c-- > 0;)
        if (c != usual_ring && c != smallest_block) add(c);
    add(usual_ring);
    add(smallest_block);
    map.exit_log = offset;
    map.names = map.exit_log + exit_log_bytes;
    map.circles = map.names + names_bytes;
    map.cells = map.circles + circles_bytes;
    map.cell_count = cells_in(halvings);
    map.lock_areas = map.cells + cells_bytes(halvings);
    map.place_count = places_in(halvings);
    map.end_log = map.lock_areas + max_processes * lock_area_bytes(halvings);
    map.catalogue = map.end_log + end_log_bytes;
    map.header = map.catalogue + catalogue_bytes;
    map.slices = map.header + page_bytes;
    map.identity = map.slices + slices_bytes;
    map.end = map.identity + identity_bytes;
    return map;
}

// Of this process's program, for a debugger, or a test that looks at the memory from outside: that of the memory which
// it made or attached last.
inline segment_map layout;

}  // namespace troupe::shm
