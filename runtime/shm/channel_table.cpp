#include "shm/channel_table.hpp"

#include <string>

#include <troupe/error.hpp>

#include "base/step.hpp"

namespace troupe::shm {

// Records are backed one by one.
void channel_table::back(std::uint16_t index) {
    if (index < reached()) return;
    const std::size_t from = memory_->offset_of(&at(index));
    if (!memory_->back(from / page_bytes * page_bytes, whole_pages(sizeof(channel_record)) + page_bytes)) {
        throw out_of_memory("no memory for the record of another mailbox, queue or pipe");
    }
    header_->channels.raise(index + 1u);
}

block_id channel_table::take_ring(channel_record& record, unsigned granule_bits, owner_id maker) {
    try {
        return blocks_->take_ring(granule_bits, maker);
    } catch (...) {
        record.life.free();
        throw;
    }
}

channel_id channel_table::claim(channel_kind kind, unsigned granule_bits, owner_id maker) {
    for (std::uint32_t i = 0; i < max_channels; ++i) {
        const auto index = static_cast<std::uint16_t>(i);
        back(index);
        channel_record& record = at(index);
        if (record.life.state() != channel_state::free) continue;
        // crash: making, without a ring; the keeper frees what a dead maker left
        if (!record.life.claim(maker.slot())) continue;
        TROUPE_STEP("channel: claimed");
        const std::uint32_t granules = 1u << granule_bits;
        const block_id block = take_ring(record, granule_bits, maker);
        // crash: owned, and named by nobody; the keeper frees it
        record.begin(kind, granules, block.value);
        TROUPE_STEP("channel: has a ring");
        // crash: making, with a ring; the keeper frees both
        blocks_->send(block, maker);
        TROUPE_STEP("channel: ring is its own");
        const reader_mode mode = kind == channel_kind::queue ? reader_mode::many : reader_mode::one;
        auto used = ring::attach(blocks_->at(block), ring::bytes(granules));
        if (used && used->granules() == granules) {
            used->reopen(mode);
        } else {
            ring::format(blocks_->at(block), granules, mode);
        }
        const channel_id id = channel_id::make(record.name().generation() + 1, index);
        record.id.set(id);
        return id;
    }
    throw out_of_memory("the program has " + std::to_string(max_channels) +
                        " mailboxes, queues and pipes, and that is the most there can be");
}

void channel_table::free(std::uint16_t index, ring_fate fate) noexcept {
    channel_record& record = at(index);
    const block_id block{record.ring.get()};
    record.ring.set(0);
    TROUPE_STEP("channel: ring taken off");
    // The generation moves on at once, so that references find out.
    record.id.set(channel_id::make(record.name().generation() + 1, index));
    record.holders.clear();
    if (fate == ring_fate::used_again && blocks_->valid(block)) blocks_->release(block);
    record.life.free();
}

ring channel_table::ring_of(const channel_record& record) const {
    if (const auto found = find_ring(record)) return *found;
    throw corrupt("the record or the ring of a channel is damaged");
}

std::optional<ring> channel_table::find_ring(const channel_record& record) const noexcept {
    const block_id block{record.ring.get()};
    const std::uint32_t granules = record.granules.get();
    if (!blocks_->valid(block) || !ring::valid_granules(granules)) return std::nullopt;
    auto view = ring::attach(blocks_->at(block), blocks_->bytes(block));
    const bool shared = record.kind.get() == channel_kind::queue;
    if (!view || view->granules() != granules || (view->mode() == reader_mode::many) != shared) return std::nullopt;
    return view;
}

}  // namespace troupe::shm
