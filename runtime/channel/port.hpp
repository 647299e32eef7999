// This process's side of one channel.
//
// A message: value -> codec -> frame -> `push`: ring (or a block beside it, for what is large or carries handles) ->
// doorbell, if the reader sleeps -> the reader's turn looks at its ports -> `pick` -> codec -> the waiting coroutine.
//
// Invariants
// 1. The process's bit stands in the record's `readers` (`writers`) while its count of that end is not zero.
// 2. A letter that was picked is finished by `finish` before the next one of the same wait is picked; whoever is killed
//    in between leaves it to the next reader of a queue, and loses it from a mailbox or pipe only after `reclaim`
//    moved.
// 3. The port is a source of the loop while somebody waits in it. Each turn asks anew who of them would find something;
//    doorbells only end sleep. A message wakes one wait: the first that wants its type. If that one does not take it,
//    a later turn wakes the next.
// 4. Before a process makes its first claim in a channel it says so in its slot (`wrote_to`), so that the keeper knows
//    which readers to ring when it dies.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/encoded_message.hpp>
#include <troupe/detail/end_hold.hpp>
#include <troupe/detail/letter.hpp>
#include <troupe/detail/receive_wait.hpp>
#include <troupe/detail/room_wait.hpp>

#include "channel/batch.hpp"
#include "channel/participant.hpp"
#include "channel/passed_over.hpp"
#include "channel/waiting_list.hpp"
#include "loop/event_loop.hpp"
#include "shm/ring_reader.hpp"
#include "shm/ring_shared_reader.hpp"
#include "shm/ring_writer.hpp"

namespace troupe::detail {

// The room of an item in a queue; larger items go beside its ring, so that a queue holds as many items as it says.
inline constexpr std::uint32_t queue_item_granules = 3;

// What a channel of this kind is called where its user reads it.
const char* noun(shm::channel_kind kind);

// Where a message lies: in its record, alone or with others; in the parcel that the record names; or in this process's
// own memory.
enum record_kind : std::uint8_t { inline_record = 1, parcel_record = 2, own_record = 3, batch_record = 4 };

class port final : public loop::source {
public:
    port(channel::participant& participant, shm::channel_id channel, shm::channel_record& record);
    ~port();
    port(const port&) = delete;
    port& operator=(const port&) = delete;

    shm::channel_id channel() const noexcept { return channel_; }
    shm::channel_kind kind() const noexcept { return kind_; }
    shm::channel_record& record() const noexcept { return *record_; }
    const shm::ring& ring() const noexcept { return ring_; }
    bool belongs_to(const channel::participant& participant) const noexcept { return &participant_ == &participant; }

    // --- holds
    void hold(std::uint32_t role);
    void release(std::uint32_t role) noexcept;  // may destroy the port
    // The receiving end of a pipe is about to leave this process: from its message on, the ring is its next owner's.
    void stop_reading() noexcept;
    // A mailbox is read by its actor from birth, and found by the references to it.
    void read_alone();  // this process is the one reader, and takes over what is there
    void deliver_to(actor_id actor) { target_ = actor; }  // sends are for this actor; of a mailbox or lane alone

    // --- sending
    // Throws too_large, closed's cause is left to the caller. `block` keeps what was put beside the ring between tries.
    push_result push(const message_frame& frame, outgoing& message, std::uint64_t& block);
    void drop_block(std::uint64_t block) noexcept;
    // A flat message that fits any record.
    push_result push_flat(const message_frame& frame, std::span<const std::byte> bytes);
    // Many in one record: whether this one may go with so many others of so many bytes. Not in a queue, where each has
    // its own reader, and not where a message may be delivered again.
    bool fits_batch(const outgoing& message, std::size_t others, std::size_t their_bytes) const noexcept;
    push_result push_batch(const message_frame& frame, const outgoing& batch, std::span<const std::uint16_t> ends);
    // The same for flat messages of one size that stand one behind the other; 0 of them where they are not to be
    // packed.
    std::size_t most_in_row(std::size_t size) const noexcept;
    push_result push_row(const message_frame& frame, std::span<const std::byte> messages, std::size_t size);
    // Why it is closed, as the exception the sender gets.
    [[noreturn]] void throw_closed() const;
    actor_id target() const noexcept { return target_; }

    // --- receiving
    enum class picked : std::uint8_t { letter, nothing, ended };
    // `wants` null: of any type. A look at headers may miss the end, and letters behind a dead sender's.
    picked pick(letter& into, const receive_wait* wants, shm::looking how = shm::looking::thoroughly);
    void finish(letter& taken) noexcept;
    // Who wrote a letter in hand; nobody when that process has ended. Ask it after looking who has its slot now: of a
    // writer that is told here nothing newer was found there.
    shm::owner_id writer_of(const letter& taken) noexcept;
    // What stands behind the frame in the record of a letter.
    static std::span<const std::byte> body_of(const letter& taken) noexcept {
        return {taken.payload + sizeof(message_frame), taken.bytes - sizeof(message_frame)};
    }

    // --- as a whole
    void close() noexcept;
    std::size_t size() const noexcept { return ring_.size(); }

    void wait_for_letter(receive_wait& wait);
    void wait_for_room(room_wait& wait);
    void leave(receive_wait& wait) noexcept;
    void leave(room_wait& wait) noexcept;

    // Of those that a selective receive has passed over, and comes back to: how many records were looked at, for tests.
    std::uint64_t records_examined() const noexcept { return passed_over_.looks(); }

    // Whoever receives here looks again.
    void wake_receivers() noexcept;

    // A message that this process puts into its own mailbox, before all others and beside the ring.
    void put_own(std::uint32_t type, encoded_message message);

    // --- for whoever polls the port of its own accord (the ring of replies)
    bool glance_for_letter() { return shared_reader_ ? shared_reader_->glance() : reader_->glance(); }
    loop::parking park_for_letter();
    // How to look next: thoroughly after it was parked, and where `needed`.
    shm::looking due_look(bool needed) noexcept {
        return std::exchange(look_due_, false) || needed ? shm::looking::thoroughly : shm::looking::at_headers;
    }
    // Gives back the room of what was consumed.
    void flush();

    // --- for whoever waits until a queue is drained
    // Nothing in the ring, and every item that was received reported done.
    bool drained() const;
    void task_done();
    // From now on whoever empties the queue says so to all who hold it.
    void watch_drain() noexcept;
    void unwatch_drain() noexcept;
    // The same, if a writer waits for it, or the process is about to sleep; for a port that reads alone.
    void return_room(bool before_sleep);

    bool idle() const noexcept {
        return receivers_.empty() && senders_.empty() && sending_ == 0 && receiving_ == 0 && !reader_;
    }

    // --- as a source
    bool poll() override;
    loop::parking park() override;
    void unpark() override;
    bool glance() override;

private:
    // What may lie beside the ring of what was sent up to a position.
    struct beside {
        std::uint64_t bytes = 0;
        std::uint64_t up_to = 0;
    };
    struct own_message {
        encoded_message message;
        bool in_hand = false;
    };
    struct own_messages {
        std::uint32_t type;
        std::list<own_message> waiting = {};
    };

    bool pick_own(letter& into, const receive_wait* wants);
    void finish_own(const letter& taken) noexcept;
    shm::sight find(const receive_wait* wants, shm::looking how, shm::record& found, message_frame& frame);
    shm::sight find_behind(shm::sight seen, const receive_wait* wants, shm::looking how, shm::record& found,
                           message_frame& frame);
    bool is_refused(const message_frame& frame) noexcept;
    void examine_all();
    void enlist_as_source();
    void stop_being_a_source() noexcept;
    bool wake_if_due(receive_wait& wait, shm::looking how);
    bool notice_deaths();
    bool room_may_have_come() const noexcept;
    push_result no_room() noexcept;
    static message_frame frame_of(const shm::record& record) noexcept;  // empty when it has none
    bool reads_alone() const noexcept { return kind_ != shm::channel_kind::queue; }
    void announce_writing() noexcept;
    std::uint32_t capacity() const noexcept;
    bool prepare_push() noexcept;
    message_frame stamped(const message_frame& frame, bool flat) const noexcept;
    push_result claim_for(const message_frame& frame, std::size_t bytes, shm::claim& claim);
    std::size_t batch_limit() const noexcept;
    push_result commit_batch(const message_frame& frame, const channel::unwritten_batch& batch);
    push_result push_inline(const message_frame& frame, std::span<const std::byte> bytes);
    push_result push_beside(const message_frame& frame, outgoing& message, std::uint64_t& block);
    bool room_beside(std::uint64_t bytes);
    void notify_reader(bool needed) noexcept;
    void give_back_room(bool writers_wait) noexcept;
    void tell_if_drained() noexcept;
    bool open(const shm::record& record, letter& into);
    void refuse_incomplete(letter& taken);
    static bool last_of_batch(const letter& taken) noexcept;
    void drop_stale(const shm::record& record) noexcept;
    bool meant_for_us(const message_frame& frame) const noexcept;

    channel::participant& participant_;
    shm::channel_id channel_;
    shm::channel_record* record_;
    shm::channel_kind kind_;
    shm::ring ring_;
    shm::ring_writer writer_;
    std::optional<shm::ring_reader> reader_;
    std::optional<shm::ring_shared_reader> shared_reader_;
    actor_id target_;
    std::uint32_t receiving_ = 0, sending_ = 0;  // counts of holds
    std::uint32_t last_rung_ = 0;                // of many readers, whose turn it was last
    std::uint32_t turns_owing_ = 0;              // at whose end a writer waited for room that was not given back
    std::uint64_t deaths_seen_ = 0;
    std::uint64_t deaths_judged_ = ~std::uint64_t{0};  // and where the tail was then; see writer_of
    std::uint64_t judged_up_to_ = 0;
    beside beside_;                     // at most; what was received since counts
    std::uint64_t head_before_ = 0;     // at the last try to send
    std::uint64_t head_when_full_ = 0;  // at the last try that found no room
    bool announced_ = false;
    bool reader_parked_ = false;
    bool look_due_ = false;  // there may be something that a glance, or a look at headers, does not show
    bool a_source_ = false;
    bool asking_for_room_ = false;
    std::vector<own_messages> own_;  // by type; there is one type, troupe::down
    std::size_t own_waiting_ = 0;
    channel::passed_over passed_over_;
    std::vector<std::uint64_t> promised_;  // records that somebody was woken for in this turn
    channel::waiting_list<receive_wait> receivers_;
    channel::waiting_list<room_wait> senders_;
};

}  // namespace troupe::detail
