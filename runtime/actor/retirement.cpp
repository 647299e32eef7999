#include "actor/retirement.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <troupe/detail/port.hpp>

#include "base/step.hpp"
#include "channel/parcel.hpp"
#include "channel/port.hpp"
#include "shm/ring_reader.hpp"
#include "shm/ring_shared_reader.hpp"

namespace troupe::actors {
namespace {

shm::channel_state state_of(const shm::channel_record& record) {
    // sync: channel state - observes that somebody holds it
    return static_cast<shm::channel_state>(record.state.load(std::memory_order_acquire) & 0xff);
}

shm::block_id parcel_of(const shm::record& record) {
    if (record.kind != detail::parcel_record ||
        record.bytes != sizeof(detail::message_frame) + sizeof(channel::parcel_label))
        return {};
    channel::parcel_label label;
    std::memcpy(&label, record.payload + sizeof(detail::message_frame), sizeof label);
    return {label.block};
}

}  // namespace

void retirement::retire_channel(shm::channel_id channel) noexcept {
    if (!channel || memory_.channel(channel.index()).name() != channel) return;
    channels_.set(channel.index());
    anything_ = true;
}

void retirement::rest_slot(std::uint16_t slot) noexcept {
    slots_.set(slot);
    obstacles_[slot] = {};
    // sync: incarnation - observes the claim of the slot
    obstacles_[slot].incarnation = memory_.process(slot).incarnation.load(std::memory_order_acquire);
    anything_ = true;
}

bool retirement::held(shm::channel_id channel, std::uint32_t role) const noexcept {
    const shm::channel_record& record = memory_.channel(channel.index());
    for (;;) {
        // sync: version - observes the holders before it
        const std::uint64_t before = record.version.load(std::memory_order_acquire);
        bool found = ((role & detail::sending_end) != 0 && !record.writers.empty()) ||
                     ((role & detail::receiving_end) != 0 && !record.readers.empty());
        memory_.blocks().for_each_used([&](shm::block_id block, shm::block_state, shm::owner_id) {
            if (found) return;
            const auto content = channel::look_into_parcel(memory_, block);
            if (!content) return;
            for (const detail::handle_ref& one : content->handles) {
                if (one.object == channel.value && (one.role & role) != 0) found = true;
            }
        });
        if (found) return true;
        // The processes once more: one may have taken the end out of a parcel that was looked at too late.
        found = ((role & detail::sending_end) != 0 && !record.writers.empty()) ||
                ((role & detail::receiving_end) != 0 && !record.readers.empty());
        if (found) return true;
        // sync: version - observes that nothing changed
        if (record.version.load(std::memory_order_acquire) == before) return false;
    }
}

bool retirement::look_at(shm::channel_id channel) noexcept {
    shm::channel_record& record = memory_.channel(channel.index());
    if (!channel || record.name() != channel || state_of(record) != shm::channel_state::open) return false;
    // relaxed: observed through the id
    const auto kind = static_cast<shm::channel_kind>(record.kind.load(std::memory_order_relaxed));
    if (kind == shm::channel_kind::queue) {
        if (held(channel, detail::both_ends)) return false;
        retire_channel(channel);
        return false;
    }
    if (kind != shm::channel_kind::pipe) return false;
    const bool sent_to = held(channel, detail::sending_end);
    const bool read = held(channel, detail::receiving_end);
    if (sent_to && read) return false;
    try {
        memory_.ring_of(record).close();
    } catch (...) {
        return false;  // damaged: its users find out by themselves
    }
    TROUPE_STEP("keeper: pipe closed");
    if (!sent_to && !read) retire_channel(channel);
    return true;
}

void retirement::discard(shm::block_id block) noexcept {
    if (!memory_.blocks().valid(block) || memory_.blocks().is_free(block)) return;
    channel::discard_parcel(memory_, block, [this](shm::channel_id held) {
        if (look_at(held)) to_ring_.set(held.index());
    });
}

// Drops what is in the ring; in_flight while a live process is in the middle of a claim.
retirement::drained retirement::drain(shm::channel_id channel) noexcept {
    shm::channel_record& record = memory_.channel(channel.index());
    std::optional<shm::ring> ring;
    try {
        ring = memory_.ring_of(record);
    } catch (...) {
        return drained::damaged;
    }
    const auto end = [](shm::sight seen) {
        if (seen == shm::sight::corrupt) return drained::damaged;
        return seen == shm::sight::in_flight ? drained::in_flight : drained::empty;
    };
    ring->close();
    shm::record found;
    if (ring->mode() == shm::reader_mode::many) {
        shm::ring_shared_reader reader(*ring, memory_.owner(shm::keeper_slot), memory_.owners());
        reader.notice_deaths();
        for (;;) {
            const shm::sight seen = reader.take(found);
            if (seen != shm::sight::message) return end(seen);
            const shm::block_id parcel = parcel_of(found);
            reader.finish(found);
            if (parcel) discard(parcel);
        }
    }
    shm::ring_reader reader(*ring, memory_.owners());
    if (!reader.recover()) return drained::damaged;
    for (;;) {
        const shm::sight seen = reader.look(found);
        if (seen != shm::sight::message) {
            if (seen != shm::sight::corrupt) reader.flush();
            return end(seen);
        }
        const shm::block_id parcel = parcel_of(found);
        reader.consume(found);
        if (parcel) discard(parcel);
    }
}

void retirement::hand_back(std::uint16_t slot) noexcept {
    const shm::process_slot& process = memory_.process(slot);
    // relaxed, all: the process is dead
    const std::uint32_t mailbox = process.mailbox.load(std::memory_order_relaxed);
    if (mailbox == 0) return;
    // relaxed: as above; that one is its supervisor's
    const std::uint64_t handled = process.handling_place.load(std::memory_order_relaxed);
    const auto went_with_it = [&](const shm::record& record) {
        const std::uint64_t place = record.position + 1;
        return place != handled &&
               std::any_of(process.in_hand.begin(), process.in_hand.end(), [place](const auto& one) {
                   return one.place.load(std::memory_order_relaxed) == place;  // relaxed: as above
               });
    };
    try {
        shm::ring_reader reader(memory_.ring_of(memory_.channel(static_cast<std::uint16_t>(mailbox - 1))),
                                memory_.owners());
        if (!reader.recover()) return;  // damaged: the next reader finds out
        shm::record found;
        for (shm::sight seen = reader.look(found); seen == shm::sight::message;) {
            const shm::record here = found;
            const shm::block_id parcel = parcel_of(here);
            if (parcel && memory_.blocks().valid(parcel)) memory_.blocks().send(parcel, memory_.owner(slot));
            seen = reader.look_after(here, found);
            if (!went_with_it(here)) continue;
            reader.consume(here);
            if (parcel) discard(parcel);
        }
        reader.flush();
    } catch (...) {
    }
}

// What a dead reader had finished and not swept would stay until somebody came to read the queue.
void retirement::sweep(shm::channel_id queue, const shm::ring& ring) noexcept {
    shm::ring_shared_reader reader(ring, memory_.owner(shm::keeper_slot), memory_.owners());
    reader.notice_deaths();
    if (reader.writers_wait()) to_ring_.set(queue.index());
}

// Whether every ring the dead process wrote to has been read past what it may have left there.
bool retirement::claims_passed(std::uint16_t slot) noexcept {
    const shm::process_slot& process = memory_.process(slot);
    obstacle& now = obstacles_[slot];
    for (; now.next / 64 < process.wrote_to.size(); now.next = (now.next / 64 + 1) * 64) {
        for (;; ++now.next) {
            // relaxed: what the dead process wrote was published by its end; a later one in its slot may add to it
            const std::uint64_t bits = process.wrote_to[now.next / 64].load(std::memory_order_relaxed) >> now.next % 64;
            if (bits == 0) break;
            now.next += static_cast<unsigned>(std::countr_zero(bits));
            shm::channel_record& record = memory_.channel(static_cast<std::uint16_t>(now.next));
            bool passed = true;
            if (state_of(record) == shm::channel_state::open) {
                try {
                    const shm::ring ring = memory_.ring_of(record);
                    if (now.channel != record.name().value) {
                        now.channel = record.name().value;
                        now.tail = ring.tail_position();
                    }
                    if (ring.mode() == shm::reader_mode::many) sweep(record.name(), ring);
                    passed = shm::distance(now.tail, ring.head_position()) >= 0;
                } catch (...) {
                    passed = true;
                }
            }
            if (!passed) return false;
            now.channel = 0;
            if (now.next % 64 == 63) break;
        }
    }
    return true;
}

// What the dead processes of this slot had, and nobody else has.
void retirement::free_blocks(std::uint16_t slot) noexcept {
    const shm::liveness owners = memory_.owners();
    for (;;) {
        // One at a time: discarding one looks at others.
        shm::block_id next;
        memory_.blocks().for_each_used([&](shm::block_id block, shm::block_state state, shm::owner_id of) {
            if (!next && state == shm::block_state::owned && of.slot() == slot && owners.is_dead(of)) next = block;
        });
        if (!next) break;
        discard(next);
    }
}

void retirement::tidy() noexcept {
    waits_ = false;
    if (!anything_) return;
    for (std::size_t i = channels_._Find_first(); i < channels_.size(); i = channels_._Find_next(i)) {
        const shm::channel_id channel = memory_.channel(static_cast<std::uint16_t>(i)).name();
        const drained found = drain(channel);
        if (found == drained::in_flight) {
            waits_ = true;
            continue;
        }
        channels_.reset(i);
        // What another process scribbled over must not meet the next user of the ring.
        memory_.free_channel(channel,
                             found == drained::damaged ? shm::ring_fate::quarantined : shm::ring_fate::used_again);
    }
    bool resting = false;
    for (std::size_t i = slots_._Find_first(); i < slots_.size(); i = slots_._Find_next(i)) {
        if (!claims_passed(static_cast<std::uint16_t>(i))) {
            resting = true;
            continue;
        }
        const auto slot = static_cast<std::uint16_t>(i);
        slots_.reset(i);
        free_blocks(slot);
        shm::process_slot& process = memory_.process(slot);
        const shm::process_state state = process.present().state;
        if (state == shm::process_state::dead || state == shm::process_state::failed) {
            memory_.free_process(slot);
        } else {
            process.rested.store(obstacles_[i].incarnation,
                                 std::memory_order_release);  // sync: rested - publishes that no claim is left
        }
    }
    anything_ = resting || channels_.any();
}

}  // namespace troupe::actors
