// Where everything stands in a program's shared memory: first the windows of the blocks, then the log of how actors
// ended, the header, and last the tables, cut into slices.
//
// A page table describes 2 MiB, and costs as much to make, and again to free when its process ends, as a page fault. So
// what a process of a small program touches lies together: a slice holds the n-th part of every table; the windows that
// nearly every actor uses stand next to the tables, and all are filled from their ends; and the segment ends where the
// system has put the libraries.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/post_mortem.hpp"
#include "shm/block.hpp"
#include "shm/channel_record.hpp"
#include "shm/process_slot.hpp"
#include "shm/ring.hpp"

namespace troupe::shm {

inline constexpr std::size_t page_bytes = 4096;
inline constexpr std::size_t exit_log_entries = std::size_t{1} << 20;

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

struct segment_map {
    std::array<block_class, block_classes> classes{};
    std::size_t exit_log = 0, header = 0, slices = 0, end = 0;  // offsets
};

constexpr std::size_t whole_pages(std::size_t bytes) noexcept {
    return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

constexpr segment_map lay_out() noexcept {
    constexpr std::size_t window_bytes = std::size_t{16} << 30;
    constexpr std::size_t fewest_blocks = 8;
    constexpr std::uint32_t usual_ring = message_classes + 12 - smallest_ring_bits;  // of a mailbox by default
    constexpr std::uint32_t smallest_block = 0;
    segment_map map;
    std::size_t offset = 0;
    const auto add = [&](std::uint32_t c) {
        block_class& one = map.classes[c];
        one.bytes = c < message_classes ? std::size_t{1} << (smallest_block_bits + c)
                                        : whole_pages(ring::bytes(1u << (smallest_ring_bits + c - message_classes)));
        one.count =
            static_cast<std::uint32_t>(std::clamp<std::size_t>(window_bytes / one.bytes, fewest_blocks, most_blocks));
        offset += one.count * one.bytes;
        one.end = offset;
    };
    for (std::uint32_t c = block_classes; c-- > 0;)
        if (c != usual_ring && c != smallest_block) add(c);
    add(usual_ring);
    add(smallest_block);
    map.exit_log = offset;
    map.header = map.exit_log + exit_log_entries * sizeof(std::uint64_t);
    map.slices = map.header + page_bytes;
    map.end = map.slices + slices * sizeof(slice);
    return map;
}

inline constexpr segment_map layout = lay_out();

}  // namespace troupe::shm
