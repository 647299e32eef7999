// The records of a program's channels, and their rings. See channel_record.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "shm/block.hpp"
#include "shm/channel_record.hpp"
#include "shm/program_header.hpp"
#include "shm/program_layout.hpp"
#include "shm/ring.hpp"
#include "shm/segment.hpp"

namespace troupe::shm {

enum class ring_fate { used_again, quarantined };

class channel_table {
public:
    channel_table() = default;
    channel_table(segment& memory, program_header& header, slice* slices, block_store& blocks)
        : memory_(&memory), header_(&header), slices_(slices), blocks_(&blocks) {}

    channel_record& at(std::uint16_t index) noexcept { return slice_of(index).channels[index % channels_a_slice]; }
    const channel_record& at(std::uint16_t index) const noexcept {
        return slice_of(index).channels[index % channels_a_slice];
    }
    // Records at and above it were never used.
    std::uint32_t reached() const noexcept { return std::min<std::uint32_t>(header_->channels.get(), max_channels); }

    // Returns a channel in state making, which is the maker's until `open`. Throws out_of_memory.
    channel_id claim(channel_kind kind, unsigned granule_bits, owner_id maker);
    void open(channel_id id) noexcept { at(id.index()).life.open(); }
    // Its ring goes back to the others of its size, empty and without open claims; or, damaged, is never used again.
    void free(std::uint16_t index, ring_fate fate = ring_fate::used_again) noexcept;

    ring ring_of(const channel_record& record) const;                            // throws corrupt
    std::optional<ring> find_ring(const channel_record& record) const noexcept;  // nothing when it is damaged

private:
    slice& slice_of(std::uint16_t index) const noexcept { return slices_[index / channels_a_slice % shm::slices]; }
    void back(std::uint16_t index);
    block_id take_ring(channel_record& record, unsigned granule_bits, owner_id maker);

    segment* memory_ = nullptr;
    program_header* header_ = nullptr;
    slice* slices_ = nullptr;
    block_store* blocks_ = nullptr;
};

}  // namespace troupe::shm
