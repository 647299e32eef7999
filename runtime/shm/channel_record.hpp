// The record of one channel: a ring in shared memory with the processes that hold an end of it. Mailboxes, lanes for
// replies, queues and each direction of a pipe are channels.
//
// Who may free a channel: the keeper alone, when nobody holds an end and no parcel on its way carries one. `version`
// changes before every change of a holder, so that the keeper, which cannot look at all holders at once, can tell
// whether what it put together is true.
//
// Invariants
// C1  an end is taken only from somebody who holds one (a process, or a parcel): nobody holds it is final.
// C2  a record's ring is given back to rings of its size only, never to other uses (see ring.hpp), and only when
//     nothing is in it and no claim is open.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/machine.hpp"
#include "shm/wait_set.hpp"

namespace troupe::shm {

enum class channel_kind : std::uint8_t { mailbox, replies, queue, pipe };
enum class channel_state : std::uint8_t { free, making, open, ended };

// generation << 16 | index; the generation grows at every use of the record. 0 names none.
struct channel_id {
    std::uint64_t value = 0;
    static channel_id make(std::uint64_t generation, std::uint16_t index) { return {generation << 16 | index}; }
    std::uint16_t index() const { return static_cast<std::uint16_t>(value & 0xffff); }
    std::uint64_t generation() const { return value >> 16; }
    explicit operator bool() const { return value != 0; }
    friend bool operator==(channel_id, channel_id) = default;
};

struct alignas(base::line_bytes) channel_record {
    std::atomic<std::uint64_t> id;        // channel_id; stays until the record is used again
    std::atomic<std::uint32_t> state;     // channel_state | maker's slot << 8
    std::atomic<std::uint32_t> kind;      // channel_kind
    std::atomic<std::uint32_t> reader;    // mailbox, replies: slot of the one process that reads
    std::atomic<std::uint32_t> granules;  // of the ring
    std::atomic<std::uint64_t> ring;      // block_id
    std::atomic<std::uint64_t> capacity;  // in messages; 0 while the record is being made
    std::atomic<std::uint64_t> bytes;     // the most that large messages on their way may take together
    std::atomic<std::uint64_t> got;       // queue: items received
    std::atomic<std::uint64_t> done;      // queue: items reported done
    std::atomic<std::uint64_t> draining;  // queue: how many wait until it is drained, or died of it
    std::atomic<std::uint64_t> version;
    alignas(base::line_bytes) wait_set readers;  // processes that hold a receiving end
    wait_set writers;                            // processes that hold a sending end; unused for mailboxes and replies

    // sync: channel - observes the record's fields
    channel_id name() const { return {id.load(std::memory_order_acquire)}; }
};

}  // namespace troupe::shm
