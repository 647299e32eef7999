// A port's sending side.
#include <sched.h>

#include <algorithm>
#include <cstring>

#include <troupe/detail/reply_kind.hpp>
#include <troupe/detail/send_wait.hpp>
#include <troupe/error.hpp>

#include "base/step.hpp"
#include "channel/batch.hpp"
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
    participant_.self().wrote_to[channel_.index() / 64].fetch_or(std::uint64_t{1} << channel_.index() % 64,
                                                                 std::memory_order_acq_rel);
}

bool port::prepare_push() noexcept {
    if (target_ && !participant_.memory().alive(target_)) return false;
    announce_writing();
    participant_.note_sent();
    writer_.set_streaming(participant_.streams());
    // Taken before the try: a head that moves during it is seen as a change afterwards.
    if (!senders_.empty()) head_before_ = ring_.head_position();
    return true;
}

message_frame port::stamped(const message_frame& frame, bool flat) const noexcept {
    message_frame stamped = frame;
    stamped.cpu = this_cpu();
    stamped.writer = participant_.owner().value;
    if (flat) stamped.flags |= flat_message;
    stamped.target = static_cast<std::uint32_t>(target_ ? target_.serial() : channel_.generation());
    return stamped;
}

push_result port::push(const message_frame& frame, outgoing& message, std::uint64_t& block) {
    if (!prepare_push()) return push_result::closed;
    const std::uint32_t most = kind_ == shm::channel_kind::replies ? inline_reply_bytes
                               : kind_ == shm::channel_kind::queue ? queue_item_limit
                                                                   : inline_limit;
    const std::uint32_t limit = std::min(most, ring_.most_payload() - static_cast<std::uint32_t>(sizeof frame));
    const message_frame whole = stamped(frame, message.flat);
    if (message.bytes.size() <= limit && message.handles.empty()) return push_inline(whole, message.bytes);
    return push_beside(whole, message, block);
}

push_result port::push_flat(const message_frame& frame, std::span<const std::byte> bytes) {
    static_assert(send_wait::most_kept <= queue_item_limit && send_wait::most_kept <= inline_limit);
    if (!prepare_push()) return push_result::closed;
    return push_inline(stamped(frame, true), bytes);
}

// Of a batch with its label; 0 where none may be sent.
std::size_t port::batch_limit() const noexcept {
    if (!reads_alone()) return 0;
    // relaxed: written before the actor's process was made
    if (target_ && participant_.memory().process(target_.slot()).deliveries.load(std::memory_order_relaxed) > 1)
        return 0;
    return std::min(inline_limit, ring_.most_payload() - std::uint32_t{sizeof(message_frame)});
}

bool port::fits_batch(const outgoing& message, std::size_t others, std::size_t their_bytes) const noexcept {
    return message.handles.empty() &&
           channel::batch_bytes(others + 1, their_bytes + message.bytes.size()) <= batch_limit();
}

push_result port::push_batch(const message_frame& frame, const outgoing& batch, std::span<const std::uint16_t> ends) {
    if (!prepare_push()) return push_result::closed;
    const message_frame whole = stamped(frame, batch.flat);
    return ends.size() == 1 ? push_inline(whole, batch.bytes) : commit_batch(whole, {batch.bytes, ends});
}

std::size_t port::most_in_row(std::size_t size) const noexcept {
    const std::size_t limit = batch_limit();
    if (size == 0 || limit < size) return 0;
    return std::clamp((limit - sizeof(channel::batch_label)) / size, std::size_t{1}, channel::most_in_batch);
}

push_result port::push_row(const message_frame& frame, std::span<const std::byte> messages, std::size_t size) {
    if (!prepare_push()) return push_result::closed;
    const message_frame whole = stamped(frame, true);
    return messages.size() == size ? push_inline(whole, messages) : commit_batch(whole, {messages, size});
}

push_result port::commit_batch(const message_frame& frame, const channel::unwritten_batch& batch) {
    shm::claim claim;
    const push_result result = claim_for(frame, batch.length(), claim);
    if (result != push_result::sent) return result;
    batch.write(claim.payload() + sizeof frame);
    notify_reader(claim.commit(batch_record));
    return push_result::sent;
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

// Claims a record for a frame and so many bytes, and writes the frame. Sent: claimed, to be filled and committed.
push_result port::claim_for(const message_frame& frame, std::size_t bytes, shm::claim& claim) {
    const std::uint32_t most = capacity();
    if (most == 0) return push_result::closed;
    switch (writer_.try_claim(static_cast<std::uint32_t>(sizeof frame + bytes), most, claim)) {
    case shm::room::claimed: break;
    case shm::room::full: return no_room();
    case shm::room::closed: return push_result::closed;
    case shm::room::corrupt: throw corrupt("the ring of this " + std::string(noun(kind_)) + " is damaged");
    }
    std::memcpy(claim.payload(), &frame, sizeof frame);
    return push_result::sent;
}

push_result port::push_inline(const message_frame& frame, std::span<const std::byte> bytes) {
    shm::claim claim;
    const push_result result = claim_for(frame, bytes.size(), claim);
    if (result != push_result::sent) return result;
    if (!bytes.empty()) std::memcpy(claim.payload() + sizeof frame, bytes.data(), bytes.size());
    notify_reader(claim.commit(inline_record));
    return push_result::sent;
}

// Whether so many more bytes may lie beside the ring; a message that is larger than the bound goes alone. The ring is
// walked when others have sent since this port did, or when all that it knows of would be too much.
bool port::room_beside(std::uint64_t bytes) {
    // relaxed: set before the channel was opened
    const std::uint64_t most = record_->bytes.load(std::memory_order_relaxed);
    const std::uint64_t tail = ring_.tail_position();
    if (tail == beside_.up_to && beside_.bytes + bytes <= most) return true;
    beside_ = {0, tail};
    ring_.walk([this](const shm::record& found) {
        if (found.kind != parcel_record || found.bytes < sizeof(message_frame) + sizeof(channel::parcel_label)) return;
        channel::parcel_label label;
        std::memcpy(&label, found.payload + sizeof(message_frame), sizeof label);
        beside_.bytes += label.weight;
    });
    return beside_.bytes == 0 || beside_.bytes + bytes <= most;
}

push_result port::push_beside(const message_frame& frame, outgoing& message, std::uint64_t& block) {
    if (ring_.closed()) return push_result::closed;
    auto* const packed =
        reinterpret_cast<channel::parcel_header*>(block != 0 ? participant_.memory().blocks().at({block}) : nullptr);
    if (!room_beside(packed != nullptr ? packed->weight : channel::weight_of(participant_.memory(), message))) {
        writer_.leave_wish();
        return no_room();
    }
    channel::parcel_label label;
    if (packed == nullptr) {
        label = channel::or_make_room(
            participant_, [&] { return channel::pack_parcel(participant_.memory(), participant_.owner(), message); });
        block = label.block;
    } else {
        // relaxed, both: our own stores
        label = {block, packed->stamp.load(std::memory_order_relaxed), packed->length.load(std::memory_order_relaxed),
                 packed->weight};
    }
    shm::claim claim;
    const push_result result = claim_for(frame, sizeof label, claim);
    if (result != push_result::sent) return result;
    std::memcpy(claim.payload() + sizeof frame, &label, sizeof label);
    if (claim.position() == beside_.up_to) {  // nobody else has claimed since the look
        beside_ = {beside_.bytes + label.weight,
                   shm::position_after(claim.position(), shm::granules_of(claim.bytes()))};
    }
    const bool needed = claim.commit(parcel_record);
    TROUPE_STEP("port: parcel committed");
    // crash: the block looks like ours still; the reader takes it over all the same
    channel::send_parcel(participant_.memory(), {block}, participant_.owner());
    block = 0;
    notify_reader(needed);
    return push_result::sent;
}

void port::drop_block(std::uint64_t block) noexcept {
    channel::discard_parcel(participant_.memory(), {block}, [this](shm::channel_id held) {
        if (participant_.keeper().look_at != nullptr) participant_.keeper().look_at(held);
    });
}

void port::notify_reader(bool needed) noexcept {
    if (!needed) return;
    if (reads_alone()) {
        if (kind_ == shm::channel_kind::pipe) {
            participant_.notify_all(record_->readers);
        } else {
            // relaxed: set before the channel was opened; a restarted actor keeps its slot
            participant_.notify(static_cast<std::uint16_t>(record_->reader.load(std::memory_order_relaxed)));
        }
    } else if (ring_.closed()) {
        participant_.notify_all(ring_.waiting_readers());
    } else if (const auto next = ring_.waiting_readers().next_after(last_rung_)) {
        last_rung_ = *next;
        participant_.notify(static_cast<std::uint16_t>(*next));
    }
}

void port::throw_closed() const {
    if (target_) {
        if (const auto status = participant_.memory().status_of(target_)) {
            throw actor_died(participant_.memory().described_as_ended(target_), *status);
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
        // relaxed: as in notify_reader
        participant_.notify(static_cast<std::uint16_t>(record_->reader.load(std::memory_order_relaxed)));
    } else {
        participant_.notify_all(record_->readers);
    }
    participant_.notify_all(ring_.waiting_writers());
}

}  // namespace troupe::detail
