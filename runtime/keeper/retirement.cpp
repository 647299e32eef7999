#include "keeper/retirement.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/step.hpp"
#include "mail/batch.hpp"
#include "mail/envelope.hpp"
#include "mail/parcel.hpp"
#include "shm/ring_reader.hpp"
#include "shm/ring_shared_reader.hpp"

namespace troupe::keepers {
namespace {

constexpr int most_rounds = 16;  // of tidying in one turn

// A request that the dead process had taken and not answered.
bool was_taken(const shm::process_slot& process, const shm::record& record) noexcept {
    const std::uint64_t place = record.position + 1;
    return std::any_of(process.in_hand.begin(), process.in_hand.end(),
                       [place](const auto& one) { return one.place() == place; });
}

std::uint32_t messages_in(const shm::ring_reader& reader, const shm::record& record) noexcept {
    const mail::envelope read(record);
    if (!read.is(mail::batch_record)) return 1;
    const std::uint32_t packed = mail::count_of_batch(read.body());
    return packed - std::min(packed, reader.parts_consumed(record));
}

}  // namespace

shm::block_id parcel_of(shm::program_memory& memory, const shm::record& record) {
    const auto label = mail::envelope(record).label();
    if (!label) return {};
    const shm::block_id block{label->block};
    if (!memory.blocks().valid(block) || memory.blocks().is_free(block)) return {};
    return mail::is_stamped(memory, block, label->stamp) ? block : shm::block_id{};
}

void retirement::retire_channel(shm::channel_id channel) noexcept {
    if (!channel || memory_.channel(channel.index()).name() != channel) return;
    channels_.add(channel.index());
    anything_ = true;
}

void retirement::look_at(shm::channel_id channel) noexcept {
    if (channel == mail::every_file) return files_.look_soon();
    if (shm::cell_id::is_one(channel.value)) return cells_.look_at(shm::cell_id{channel.value});
    if (!channel || memory_.channel(channel.index()).name() != channel) return;
    due_.add(channel.index());
}

void retirement::discard(shm::block_id block) noexcept {
    if (!memory_.blocks().valid(block) || memory_.blocks().is_free(block)) return;
    mail::discard_parcel(memory_, block, [this](shm::channel_id held) { look_at(held); });
}

// Drops what is in the ring; in_flight while a live process is in the middle of a claim.
retirement::drained retirement::drain(shm::channel_id channel) noexcept {
    shm::channel_record& record = memory_.channel(channel.index());
    std::optional<shm::ring> ring = memory_.channels().find_ring(record);
    if (!ring) return drained::damaged;
    const auto end = [&](shm::sight seen) {
        if (seen == shm::sight::in_flight) return drained::in_flight;
        if (seen == shm::sight::corrupt) return drained::damaged;
        if (ring->at_rest()) return drained::empty;
        // A sender that knew of no end may have claimed since: its claim is there the next time, or in flight.
        if (restless_.contains(channel.index())) return drained::damaged;
        restless_.add(channel.index());
        return drained::in_flight;
    };
    ring->close();
    shm::record found;
    if (ring->mode() == shm::reader_mode::many) {
        shm::ring_shared_reader reader(*ring, memory_.processes().owner(shm::keeper_slot),
                                       memory_.processes().owners());
        reader.notice_deaths();
        for (;;) {
            const shm::sight seen = reader.take(found);
            if (seen != shm::sight::message) return end(seen);
            const shm::block_id parcel = parcel_of(memory_, found);
            reader.finish(found);
            if (parcel) discard(parcel);
        }
    }
    shm::ring_reader reader(*ring, memory_.processes().owners());
    if (!reader.recover()) return drained::damaged;
    for (;;) {
        const shm::sight seen = reader.look(found);
        if (seen != shm::sight::message) {
            if (seen != shm::sight::corrupt) reader.flush();
            return end(seen);
        }
        const shm::block_id parcel = parcel_of(memory_, found);
        reader.consume(found);
        if (parcel) discard(parcel);
    }
}

void retirement::hand_back(std::uint16_t slot) noexcept {
    const shm::process_slot& process = memory_.process(slot);
    const auto mailbox = process.who.mailbox.index();
    if (!mailbox) return;
    // The message that was being handled is delivered again, or set aside by the supervisor.
    const std::uint64_t handled = process.handling.delivery.place();
    const auto went_with_it = [&](const shm::record& record) {
        return record.position + 1 != handled && was_taken(process, record);
    };
    const auto ring = memory_.channels().find_ring(memory_.channel(*mailbox));
    if (!ring) return;
    shm::ring_reader reader(*ring, memory_.processes().owners());
    if (!reader.recover()) return;  // damaged: the next reader finds out
    shm::record found;
    for (shm::sight seen = reader.look(found); seen == shm::sight::message;) {
        const shm::record here = found;
        const shm::block_id parcel = parcel_of(memory_, here);
        if (parcel) mail::send_parcel(memory_, parcel, memory_.processes().owner(slot));
        seen = reader.look_after(here, found);
        if (!went_with_it(here)) continue;
        reader.consume(here);
        if (parcel) discard(parcel);
    }
    reader.flush();
}

std::uint32_t retirement::count_mail(std::uint16_t slot) noexcept {
    const shm::process_slot& process = memory_.process(slot);
    const auto mailbox = process.who.mailbox.index();
    if (!mailbox) return 0;
    const auto ring = memory_.channels().find_ring(memory_.channel(*mailbox));
    if (!ring) return 0;
    shm::ring_reader reader(*ring, memory_.processes().owners());
    if (!reader.recover()) return 0;
    // Of others nobody wrote down which requests they had taken: they were gone from the mailbox.
    const bool is_supervised = process.supervision.revival.get() != 0;
    const std::uint64_t handled = process.handling.delivery.place();
    std::uint32_t count = 0;
    shm::record found;
    for (shm::sight seen = reader.look(found); seen == shm::sight::message;) {
        const shm::record here = found;
        seen = reader.look_after(here, found);
        if (here.position + 1 == handled || (is_supervised && was_taken(process, here))) continue;
        count += messages_in(reader, here);
    }
    return count;
}

// What a dead reader had finished and not swept would stay until somebody came to read the queue.
void retirement::sweep(shm::channel_id queue, const shm::ring& ring) noexcept {
    shm::ring_shared_reader reader(ring, memory_.processes().owner(shm::keeper_slot), memory_.processes().owners());
    reader.notice_deaths();
    if (reader.writers_wait() || reader.head_moved()) to_notify_.add(queue.index());
}

void retirement::disown(std::uint16_t slot) noexcept {
    const shm::owner_id dead = memory_.processes().owner(slot);
    const shm::process_slot& process = memory_.process(slot);
    const shm::channel_marks& wrote_to = process.wrote_to;
    for (std::uint32_t i = wrote_to.next(0); i < shm::max_channels; i = wrote_to.next(i + 1)) {
        const shm::channel_record& record = memory_.channel(static_cast<std::uint16_t>(i));
        if (!record.is_open()) continue;
        // damaged: whoever reads it finds out
        if (const auto ring = memory_.channels().find_ring(record)) {
            ring->disown(dead, [this, dead](const shm::record& found) {
                if (const shm::block_id parcel = parcel_of(memory_, found)) {
                    mail::send_parcel(memory_, parcel, dead);
                }
            });
            if (ring->mode() == shm::reader_mode::many) sweep(record.name(), *ring);
        }
    }
    TROUPE_STEP("keeper: disowned");
    free_blocks(dead);
}

// No ring and no parcel on its way names them, and no record those that were to be rings. But somebody else may be
// about to receive what the dead process had received, or was to hand on: it is whose swap comes first.
void retirement::free_blocks(shm::owner_id dead) noexcept {
    const shm::owner_id keeper = memory_.processes().owner(shm::keeper_slot);
    memory_.blocks().for_each_ring([&](shm::block_id block, shm::block_state, shm::owner_id of) {
        if (of == dead && memory_.blocks().inherit(block, dead, keeper)) memory_.blocks().release(block);
    });
    // First what goes home, with the buffers that are in it.
    memory_.blocks().for_each_used([&](shm::block_id block, shm::block_state, shm::owner_id of) {
        if (of == dead) mail::hand_back_parcel(memory_, block, dead);
    });
    TROUPE_STEP("keeper: lent parcels handed back");
    memory_.blocks().for_each_used([&](shm::block_id block, shm::block_state, shm::owner_id of) {
        const bool nobodys = of == dead || mail::is_stranded(memory_, block, of);
        if (nobodys && memory_.blocks().inherit(block, of, keeper)) discard(block);
    });
}

void retirement::drain_all() noexcept {
    for (std::size_t i = channels_.next(0); i < shm::max_channels; i = channels_.next(i + 1)) {
        const shm::channel_id channel = memory_.channel(static_cast<std::uint16_t>(i)).name();
        const drained found = drain(channel);
        if (found == drained::in_flight) {
            waits_ = true;
            continue;
        }
        channels_.remove(i);
        restless_.remove(i);
        // What another process scribbled over must not meet the next user of the ring.
        memory_.channels().free(channel.index(),
                                found == drained::damaged ? shm::ring_fate::quarantined : shm::ring_fate::used_again);
    }
}

void retirement::tidy() noexcept {
    waits_ = false;
    // What is dropped from one channel may hold the last end of another. A long chain is left to the next turns.
    bool decided = true;
    int rounds = 0;
    do {
        decided = decide();
        if (std::exchange(anything_, false)) drain_all();
        if (carried_.size() >= collect_at_) collect_unreachable();
    } while ((anything_ || (decided && !due_.empty())) && ++rounds < most_rounds);
    files_.tidy();
    const bool cells_decided = cells_.decide();
    unfinished_ = rounds == most_rounds;
    anything_ = !channels_.empty();
    waits_ = waits_ || !due_.empty() || !cells_decided;
}

void retirement::collect() noexcept {
    tidy();
    collect_unreachable();
    tidy();
}

}  // namespace troupe::keepers
