// The sending end of a channel, in one process.
//
// push stamps a frame and commits one record: the message itself, or the label of the parcel that it was packed into
// because it is large or carries handles. push_batch and push_row put many small messages into one record. Nothing is
// shared before the claim, and a message exists from its commit on.
//
// Whoever waits for room has its process's bit in the ring's waiting writers. While anybody waits here, the outbox is a
// source of the loop: it looks whether the head has moved, whether the reader sleeps to whom it gave way, whether the
// channel has ended, or the actor it sends to has died.
#pragma once

#include <cstdint>
#include <span>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/message_frame.hpp>
#include <troupe/detail/outgoing.hpp>
#include <troupe/detail/room_wait.hpp>

#include "channel/attachment.hpp"
#include "channel/waiting_list.hpp"
#include "loop/source.hpp"
#include "mail/batch.hpp"
#include "mail/envelope.hpp"
#include "shm/death_watch.hpp"
#include "shm/ring_writer.hpp"

namespace troupe::channel {

// The room of an item in a queue; larger items go beside its ring, so that a queue holds as many items as it says.
inline constexpr std::uint32_t queue_item_granules = 3;

class outbox final : private loop::source {
public:
    explicit outbox(attachment& of);
    ~outbox();

    // What is sent is for this actor: of a mailbox, or a lane for replies.
    void deliver_to(detail::actor_id actor) {
        target_ = actor;
        of_.keep(true);
    }
    detail::actor_id target() const noexcept { return target_; }

    // Throws too_large and out_of_memory. `parcel` keeps what was packed beside the ring between tries.
    detail::push_result push(const detail::message_frame& frame, detail::outgoing& message, std::uint64_t& parcel);
    // The same for a parcel that is this process's, and was packed before.
    detail::push_result push_parcel(const detail::message_frame& frame, std::uint64_t& parcel);
    // A flat message that fits any record.
    detail::push_result push_flat(const detail::message_frame& frame, std::span<const std::byte> bytes);
    // Returns whether the message may share a record with so many others of so many bytes. Messages of a queue may not,
    // because each has its own reader, nor may those that are delivered again.
    bool fits_batch(const detail::outgoing& message, std::size_t others, std::size_t their_bytes) const noexcept;
    detail::push_result push_batch(const detail::message_frame& frame, const detail::outgoing& batch,
                                   std::span<const std::uint16_t> ends);
    // The same for flat messages of one size that stand one behind the other. Returns 0 if they cannot be packed.
    std::size_t most_in_row(std::size_t size) const noexcept;
    detail::push_result push_row(const detail::message_frame& frame, std::span<const std::byte> messages,
                                 std::size_t size);
    // Throws why the channel is closed, as the exception that the sender gets.
    [[noreturn]] void throw_closed() const;

    void wait(detail::room_wait& one);
    void leave(detail::room_wait& one) noexcept;
    bool waited_for() const noexcept { return !waiting_.empty(); }

    attachment& of() const noexcept { return of_; }

private:
    // What may lie beside the ring of what was sent up to a position.
    struct beside {
        std::uint64_t bytes = 0;
        std::uint64_t up_to = 0;
    };

    bool poll() override;
    bool glance() override { return room_may_have_come(); }
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    void describe(loop::wait_notes& into) const noexcept override;

    bool prepare() noexcept;
    detail::message_frame stamped(const detail::message_frame& frame, bool flat) const noexcept;
    detail::push_result claim_for(const detail::message_frame& frame, std::size_t bytes, shm::claim& claim);
    detail::push_result no_room() noexcept;
    std::size_t batch_limit() const noexcept;
    detail::push_result commit_batch(const detail::message_frame& frame, const mail::unwritten_batch& batch);
    detail::push_result push_inline(const detail::message_frame& frame, std::span<const std::byte> bytes);
    detail::push_result push_beside(const detail::message_frame& frame, detail::outgoing& message,
                                    std::uint64_t& parcel);
    bool room_beside(std::uint64_t bytes);
    bool room_may_have_come() const noexcept;
    bool commit(shm::claim& claim, mail::record_kind kind, const detail::message_frame& frame);
    void notify(bool reader_is_parked) noexcept {
        if (reader_is_parked) of_.notify_reader();
    }

    attachment& of_;
    shm::ring_writer writer_;
    detail::actor_id target_;
    beside beside_;                     // at most; what was received since counts
    std::uint64_t head_before_ = 0;     // at the last try to send
    std::uint64_t head_when_full_ = 0;  // at the last try that found no room
    bool gave_way_ = false;             // one that waits was refused for the sake of others alone
    shm::death_watch deaths_;
    waiting_list<detail::room_wait> waiting_;
};

}  // namespace troupe::channel
