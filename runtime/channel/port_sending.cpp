// A port's sending side.
#include <sched.h>

#include <cstring>

#include <troupe/detail/request.hpp>
#include <troupe/error.hpp>

#include "base/step.hpp"
#include "channel/parcel.hpp"
#include "channel/port.hpp"

namespace troupe::detail {
namespace {

// Copied between claim and commit at most: a stopped writer holds up others no longer than this takes.
constexpr std::uint32_t inline_limit = 4096 - sizeof(message_frame);
constexpr std::uint32_t queue_item_limit =
    queue_item_granules * shm::granule_bytes - shm::record_header_bytes - sizeof(message_frame);

std::uint8_t this_cpu() noexcept { return static_cast<std::uint8_t>(sched_getcpu()); }

}  // namespace

void port::announce_writing() noexcept {
    if (announced_) return;
    announced_ = true;
    // sync: wrote to - publishes that this process may leave a claim there, before it makes one
    station_.self().wrote_to[channel_.index() / 64].fetch_or(std::uint64_t{1} << channel_.index() % 64,
                                                             std::memory_order_acq_rel);
}

push_result port::push(const message_frame& frame, outgoing& message, std::uint64_t& block) {
    if (target_ && !station_.memory().alive(target_)) return push_result::closed;
    announce_writing();
    // Taken before the try: a head that moves during it is seen as a change afterwards.
    if (!senders_.empty()) head_before_ = ring_.head_position();
    const std::uint32_t most = kind_ == shm::channel_kind::replies ? inline_reply_bytes
                               : kind_ == shm::channel_kind::queue ? queue_item_limit
                                                                   : inline_limit;
    const std::uint32_t limit = std::min(most, ring_.most_payload() - static_cast<std::uint32_t>(sizeof frame));
    message_frame stamped = frame;
    stamped.cpu = this_cpu();
    if (message.flat) stamped.flags |= flat_message;
    stamped.target = static_cast<std::uint32_t>(target_ ? target_.serial() : channel_.generation());
    if (message.bytes.size() <= limit && message.handles.empty()) return push_inline(stamped, message.bytes);
    return push_beside(stamped, message, block);
}

push_result port::no_room() noexcept {
    head_when_full_ = head_before_;
    return push_result::full;
}

// How many the channel may hold; 0 when it was given up since, and its record is being made into another.
std::uint32_t port::capacity() const noexcept {
    // relaxed: set before the channel was opened
    return static_cast<std::uint32_t>(record_->capacity.load(std::memory_order_relaxed));
}

push_result port::push_inline(const message_frame& frame, std::span<const std::byte> bytes) {
    const std::uint32_t most = capacity();
    if (most == 0) return push_result::closed;
    shm::claim claim;
    switch (writer_.try_claim(static_cast<std::uint32_t>(sizeof frame + bytes.size()), most, claim)) {
    case shm::room::claimed: break;
    case shm::room::full: return no_room();
    case shm::room::closed: return push_result::closed;
    case shm::room::corrupt: throw corrupt("the ring of this " + std::string(noun(kind_)) + " is damaged");
    }
    std::memcpy(claim.payload(), &frame, sizeof frame);
    if (!bytes.empty()) std::memcpy(claim.payload() + sizeof frame, bytes.data(), bytes.size());
    ring_reader(claim.commit(inline_record));
    return push_result::sent;
}

// Whether so many more bytes may lie beside the ring; a message that is larger than the bound goes alone.
bool port::room_beside(std::uint64_t bytes) const {
    std::uint64_t there = 0;
    ring_.walk([&there](std::uint8_t kind, const std::byte* payload, std::uint32_t length) {
        if (kind != parcel_record || length < sizeof(message_frame) + sizeof(channel::parcel_label)) return;
        channel::parcel_label label;
        std::memcpy(&label, payload + sizeof(message_frame), sizeof label);
        there += label.length;
    });
    // relaxed: set before the channel was opened
    return there == 0 || there + bytes <= record_->bytes.load(std::memory_order_relaxed);
}

push_result port::push_beside(const message_frame& frame, outgoing& message, std::uint64_t& block) {
    if (ring_.closed()) return push_result::closed;
    if (!room_beside(message.bytes.size())) {
        writer_.leave_wish();
        return no_room();
    }
    channel::parcel_label label;
    if (block == 0) {
        label = channel::pack_parcel(station_.memory(), station_.owner(), message);
        block = label.block;
    } else {
        const auto* header = reinterpret_cast<const channel::parcel_header*>(station_.memory().blocks().at({block}));
        label = {block, header->stamp.load(std::memory_order_relaxed), message.bytes.size()};  // relaxed: our own store
    }
    std::byte body[sizeof label];
    std::memcpy(body, &label, sizeof label);
    const std::uint32_t most = capacity();
    if (most == 0) return push_result::closed;
    shm::claim claim;
    switch (writer_.try_claim(static_cast<std::uint32_t>(sizeof frame + sizeof body), most, claim)) {
    case shm::room::claimed: break;
    case shm::room::full: return no_room();
    case shm::room::closed: return push_result::closed;
    case shm::room::corrupt: throw corrupt("the ring of this " + std::string(noun(kind_)) + " is damaged");
    }
    std::memcpy(claim.payload(), &frame, sizeof frame);
    std::memcpy(claim.payload() + sizeof frame, body, sizeof body);
    const bool needed = claim.commit(parcel_record);
    TROUPE_STEP("port: parcel committed");
    // crash: the block looks like ours still; the reader takes it over all the same
    channel::send_parcel(station_.memory(), {block}, station_.owner());
    block = 0;
    ring_reader(needed);
    return push_result::sent;
}

void port::drop_block(std::uint64_t block) noexcept {
    channel::discard_parcel(station_.memory(), {block}, [this](shm::channel_id held) {
        if (station_.keeper().look_at != nullptr) station_.keeper().look_at(held);
    });
}

void port::ring_reader(bool needed) noexcept {
    if (!needed) return;
    if (reads_alone()) {
        if (kind_ == shm::channel_kind::pipe) {
            station_.ring_all(record_->readers);
        } else {
            // relaxed: set before the channel was opened; a restarted actor keeps its slot
            station_.ring(static_cast<std::uint16_t>(record_->reader.load(std::memory_order_relaxed)));
        }
    } else if (ring_.closed()) {
        station_.ring_all(ring_.waiting_readers());
    } else if (const auto next = ring_.waiting_readers().next_after(last_rung_)) {
        last_rung_ = *next;
        station_.ring(static_cast<std::uint16_t>(*next));
    }
}

void port::throw_closed() const {
    if (target_) {
        if (const auto status = station_.memory().status_of(target_)) {
            throw actor_died(station_.memory().name_of(target_), *status);
        }
        throw closed("the actor's mailbox has ended: it was asked to stop, or its parent has ended; send before that");
    }
    if (kind_ == shm::channel_kind::pipe) {
        throw closed("the pipe has ended: this end or the other was closed, or the other's owner is dead");
    }
    throw closed("the queue is closed: nothing can be put after close(); what is in it can still be got");
}

void port::close() noexcept {
    ring_.close();
    TROUPE_STEP("port: closed");
    if (reads_alone() && kind_ != shm::channel_kind::pipe) {
        // relaxed: as in ring_reader
        station_.ring(static_cast<std::uint16_t>(record_->reader.load(std::memory_order_relaxed)));
    } else {
        station_.ring_all(record_->readers);
    }
    station_.ring_all(ring_.waiting_writers());
}

}  // namespace troupe::detail
