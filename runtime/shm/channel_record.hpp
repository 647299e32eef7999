// The record of one channel: a ring in shared memory with the processes that hold an end of it. Mailboxes, lanes for
// replies, queues, each direction of a pipe and the ring of the program's log are channels.
//
//   free ──claim──> making ──open──> open ──free──> free
//                     └──────────free──────────────> free
//
// claim    whoever makes the channel, by compare-and-swap
// open     the same, when somebody holds an end, or the actor that will read it is named
// free     the keeper alone, when nobody holds an end and no parcel on its way carries one; or what a dead maker left
//
// Invariants
// C1  an end is taken only from somebody who holds one (a process, or a parcel): nobody holds it is final.
// C2  a record's ring is given back to rings of its size only, never to other uses (see ring.hpp), and only when
//     nothing is in it and no claim is open.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/machine.hpp"
#include "base/published.hpp"
#include "shm/channel_id.hpp"
#include "shm/wait_set.hpp"

namespace troupe::shm {

enum class channel_kind : std::uint8_t { mailbox, replies, queue, pipe, log };
enum class channel_state : std::uint8_t { free, making, open };

class channel_life {
public:
    // sync: channel state - observes that somebody holds it, or that it was freed
    channel_state state() const noexcept { return state_of(word_.load(std::memory_order_acquire)); }
    // The slot of whoever makes it, while it is being made.
    bool is_made_by(std::uint16_t maker) const noexcept {
        // sync: channel state - observes the claim
        return word_.load(std::memory_order_acquire) == made_by(maker);
    }
    // Returns false if it is not free.
    bool claim(std::uint16_t maker) noexcept {
        auto expected = static_cast<std::uint32_t>(channel_state::free);
        // sync: channel state - publishes the claim, and observes that it was freed
        return word_.compare_exchange_strong(expected, made_by(maker), std::memory_order_acq_rel);
    }
    // sync: channel state - publishes that somebody holds it
    void open() noexcept { word_.store(static_cast<std::uint32_t>(channel_state::open), std::memory_order_release); }
    // sync: channel state - publishes that it is free
    void free() noexcept { word_.store(static_cast<std::uint32_t>(channel_state::free), std::memory_order_release); }

private:
    static channel_state state_of(std::uint32_t word) noexcept { return static_cast<channel_state>(word & 0xff); }
    static std::uint32_t made_by(std::uint16_t maker) noexcept {
        return static_cast<std::uint32_t>(channel_state::making) | std::uint32_t{maker} << 8;
    }

    std::atomic<std::uint32_t> word_;  // channel_state | maker's slot << 8
};

// The name of the channel that the record is, or was last.
class name_word {
public:
    // sync: channel - observes the record's fields
    channel_id get() const noexcept { return {word_.load(std::memory_order_acquire)}; }
    // sync: channel - publishes the record's fields, or that the old name is void
    void set(channel_id name) noexcept { word_.store(name.value, std::memory_order_release); }

private:
    std::atomic<std::uint64_t> word_;
};

// The processes that hold an end. The version changes before every change of a holder: the keeper, which cannot look at
// all holders at once, can tell by it whether what it put together is true.
enum class end { receiving, sending };

class end_holders {
public:
    void add(end which, std::uint16_t slot) noexcept {
        change();
        set(which).add(slot);
    }
    void remove(end which, std::uint16_t slot) noexcept {
        change();
        set(which).remove(slot);
    }
    void remove(std::uint16_t slot) noexcept {
        change();
        readers_.remove(slot);
        writers_.remove(slot);
    }
    void clear() noexcept {
        readers_.for_each([this](std::uint32_t one) { readers_.remove(one); });
        writers_.for_each([this](std::uint32_t one) { writers_.remove(one); });
    }
    bool has(std::uint32_t slot) const noexcept { return readers_.contains(slot) || writers_.contains(slot); }
    const wait_set& readers() const noexcept { return readers_; }
    const wait_set& writers() const noexcept { return writers_; }
    // sync: version - observes the holders before it, and that nothing has changed
    std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }

private:
    // sync: version - publishes that a holder is about to change
    void change() noexcept { version_.fetch_add(1, std::memory_order_acq_rel); }
    wait_set& set(end which) noexcept { return which == end::receiving ? readers_ : writers_; }

    std::atomic<std::uint64_t> version_;
    wait_set readers_;
    wait_set writers_;  // unused for mailboxes and replies
};

// Of a queue: how many items were received, how many of them are dealt with, and whether anybody waits until that is
// all of them.
class item_count {
public:
    // sync: got - observes the items that were counted
    std::uint64_t received() const noexcept { return received_.load(std::memory_order_seq_cst); }
    // sync: got - publishes that an item was received
    void count_received() noexcept { received_.fetch_add(1, std::memory_order_seq_cst); }

    // sync: done - observes what was reported
    std::uint64_t done() const noexcept { return done_.load(std::memory_order_seq_cst); }
    // Returns false if as many are done as were received.
    bool count_done() noexcept {
        std::uint64_t before = done();
        do {
            if (before == received()) return false;
            // sync: done - publishes that an item was dealt with
        } while (!done_.compare_exchange_weak(before, before + 1, std::memory_order_seq_cst));
        return true;
    }

    // sync: draining - observes that it is watched, behind the head's move or the report
    bool is_watched() const noexcept { return watchers_.load(std::memory_order_seq_cst) != 0; }
    // crash: watched for ever by the dead: others are told in vain
    // sync: draining - publishes that it is watched, before the watcher looks
    void watch() noexcept { watchers_.fetch_add(1, std::memory_order_seq_cst); }
    void unwatch() noexcept { watchers_.fetch_sub(1, std::memory_order_relaxed); }  // relaxed: one more tells in vain

    void begin() noexcept {
        // relaxed, all: published by the record's id
        received_.store(0, std::memory_order_relaxed);
        done_.store(0, std::memory_order_relaxed);
        watchers_.store(0, std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> received_;
    std::atomic<std::uint64_t> done_;
    std::atomic<std::uint64_t> watchers_;  // those that wait, or died of it
};

struct alignas(base::line_bytes) channel_record {
    name_word id;
    channel_life life;
    // Published by the id.
    base::published<channel_kind> kind;
    base::published<std::uint32_t> granules;  // of the ring
    base::published<std::uint64_t> ring;      // block_id
    // Published when it is opened.
    base::published<std::uint32_t> reader;    // mailbox, replies: slot of the one process that reads
    base::published<std::uint64_t> capacity;  // in messages; 0 while the record is being made
    base::published<std::uint64_t> bytes;     // the most that large messages on their way may take together
    item_count items;
    end_holders holders;
    // For whoever looks in from outside; published when it is opened.
    base::published<std::uint64_t> maker;      // the actor that made it
    base::published<std::uint32_t> item_type;  // type_id, where all that it carries is of one type; 0: of many
    base::published<std::uint64_t> counts;     // of a pool's queue: block_id of its pool_counts; 0: it has none

    static constexpr std::uint32_t nobody = 0xffff;  // of `reader`

    channel_id name() const noexcept { return id.get(); }
    bool is_open() const noexcept { return life.state() == channel_state::open; }
    bool has_one_reader() const noexcept {
        return kind.get() == channel_kind::mailbox || kind.get() == channel_kind::replies;
    }

    // By whoever has claimed it. The id comes last, see channel_table.
    void begin(channel_kind what, std::uint32_t granules_of_ring, std::uint64_t block) noexcept {
        kind.set(what);
        granules.set(granules_of_ring);
        ring.set(block);
        reader.set(nobody);
        capacity.set(0);
        bytes.set(0);
        items.begin();
        maker.set(0);
        item_type.set(0);
        counts.set(0);
    }
};

}  // namespace troupe::shm
