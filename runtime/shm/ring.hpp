// The ring: variable-length records from many writers to one reader or many, in shared memory, where every process may
// be killed at any instruction and nothing is lost but the record a dead writer had not committed. No lock, no
// time-out.
//
// A record is claimed, filled and committed:
//   claim    one swap on the claim word of the granule at the tail, from what it held to {this lap, size, me}. The word
//            stands outside the records and its lap encodes the position, so a swap that comes late fails. (Swapping
//            the record's own header cannot be made sound: an old swap from 0 succeeds in free space or inside a
//            record.)
//   advance  the tail word moves past the claim; whoever meets a claim whose owner has not done so does it for him
//   commit   the record's header word is stored; a reader sees the record from then on
// and later consumed: the reader's journal moves past it, its granules are zeroed, the head moves.
//
// Invariants
// I1  the tail's position is a true record boundary, and at most one claimed record starts at or after it.
// I2  at boundary p exactly one swap installs the lap of p in its claim word: owner and size of a record are unique.
// I3  the first word of every unclaimed granule between head and head + N is 0.
// I4  only the owner of an uncommitted claim stores into its granules, and head cannot pass them while the owner lives.
// I5  PARKED is set only by a swap of a tail whose position is where the reader stands, and cleared only by readers.
//     Every writer swaps or reads that word after its claim: the order of changes of one word decides who sees whom.
//     (Clearing it at the claim loses a wake-up when the claimer is killed before it rings.)
// I6  the counts of messages move in the same swap as the positions, so size() is exact at every boundary.
// I7  a waiting writer sets WAITERS by a swap that returns the head it judged by; the reader clears it by the exchange
//     that moves the head. A bit in waiting_writers is cleared only by its process, or the keeper.
// I8  many readers: a record's mark word is what decides. It is stamped with the lap and swapped, and becomes `done`
//     before the first of its granules is zeroed.
//
// What the keeper owes: at a death it makes the id dead, then rings the reader, all waiting readers and all waiting
// writers of every ring the dead process had attached, unconditionally. Without that bell wake-ups are lost. Before the
// id is given to another process it disowns the dead one in every such ring: its successor would look like it.
//
// A ring's memory is a ring for ever: `reopen` goes on with its positions, and the words of a writer that was stopped
// in an earlier use fail like any that come late. If such a writer had not yet claimed it may still claim and commit
// into the later use: what the record says of its addressee must be checked by those who need it.
//
// After Aeron's many-producer ring buffer (claim, copy, commit, pads), with the claims out of band.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/machine.hpp"
#include "shm/ring_layout.hpp"

namespace troupe::shm {

enum class reader_mode : std::uint32_t { one = 1, many = 2 };

// What a reader finds.
enum class sight {
    message,
    empty,      // nothing claimed: it may park
    in_flight,  // a live writer is copying: yield or take a short timer, never park
    ended,      // closed, and nothing more will come
    corrupt,    // another process stored what no writer stores; the ring must be given up
};

// A committed record. `payload` is aligned to 8 bytes and in one piece.
struct record {
    std::uint64_t position = 0;
    std::byte* payload = nullptr;
    std::uint32_t bytes = 0;
    std::uint8_t kind = 0;
};

// A view: cheap to copy, owns nothing. Safe to use from any process, except where a function says who.
class ring {
public:
    // `granules`: a power of two from least_granules to most_granules.
    static bool valid_granules(std::uint32_t granules) noexcept;
    static constexpr std::size_t bytes(std::uint32_t granules) noexcept {
        return ring_header_bytes + std::size_t{granules} * (2 * sizeof(shared_word) + granule_bytes);
    }

    // `zeroed`: bytes(granules) bytes of zero, aligned to 128.
    static ring format(void* zeroed, std::uint32_t granules, reader_mode mode);
    // Nothing when there is no ring of this layout in the block.
    static std::optional<ring> attach(void* block, std::size_t block_bytes) noexcept;

    std::uint32_t granules() const noexcept { return 1u << shift_; }
    reader_mode mode() const noexcept { return mode_; }
    std::uint32_t most_payload() const noexcept { return most_record() * granule_bytes - record_header_bytes; }

    // Messages claimed and not yet passed by the head; those that a reader holds count.
    std::uint32_t size() const noexcept;
    bool empty() const noexcept { return size() == 0; }
    std::uint64_t tail_position() const noexcept {
        // sync: tail - observes the claims before it
        return tail_word{tail().load(std::memory_order_acquire)}.position();
    }
    std::uint64_t head_position() const noexcept {
        // sync: head - observes what was cleared before it
        return head_word{head().load(std::memory_order_acquire)}.position();
    }
    // Sees the last move of the head, and what was done before it, by whoever did not see that somebody waits for it.
    void observe_head() const noexcept {
        // sync: draining - observes the head's move by whoever did not see that it is watched
        static_cast<void>(head().load(std::memory_order_seq_cst));
    }
    // Records dropped because their writer died before it committed them.
    std::uint64_t torn() const noexcept;

    // No claim succeeds from now on; what is in the ring is still read. True: the readers must be rung. Ring all
    // waiting writers in any case.
    bool close() noexcept;
    bool closed() const noexcept {
        // sync: closed - observes the end, in one order with the wish for room before it
        return tail_word{tail().load(std::memory_order_seq_cst)}.closed();
    }

    // A reader sleeps: nobody gives way to others then.
    bool parked() const noexcept {
        // sync: parked - observes a reader that has parked since, and rung those who wait for room
        return tail_word{tail().load(std::memory_order_seq_cst)}.parked();
    }

    // The keeper, when nobody has the ring attached: open for another use. Position, and whatever is still in it, stay.
    void reopen(reader_mode mode) noexcept;

    // The keeper, when nobody has the ring attached and it was read to its end: whether its words, and the granules
    // that come next, are as the ring's own code leaves them. A ring that was scribbled over must not meet the next
    // user.
    bool at_rest() const noexcept;

    wait_set& waiting_writers() const noexcept { return header().waiting_writers; }
    wait_set& waiting_readers() const noexcept { return header().waiting_readers; }

    // Who wrote a record that is not yet consumed. Costs a line the writers use: do not ask for every record.
    owner_id writer_of(const record& r) const noexcept;

    // visit(record) for each committed record between head and tail. Others go on meanwhile: what was there at the
    // beginning is missed only if it was consumed since. Payload bytes may be those of a later record, but nothing
    // outside the ring is ever touched.
    template <class Visit>
    void walk(Visit visit) const {
        record seen;
        for (cursor at = begin(); walk_next(at, seen);) visit(seen);
    }

    // The keeper, when `dead` has ended: the claims of the dead process are dead.disowned()'s from now on, and what it
    // had taken is there for others, so that its id may be given again. visit(record) comes before that, for each
    // committed record that it wrote or that anybody has taken.
    template <class Visit>
    void disown(owner_id dead, Visit visit) const {
        record seen;
        for (cursor at = begin(); disown_next(at, dead, seen);) {
            if (seen.payload != nullptr) visit(seen);
            let_go(dead, seen.position);
        }
    }

    // --- for writer and readers only
    // -----------------------------------------------------------------------------------
    ring_header& header() const noexcept { return *header_; }
    shared_word& tail() const noexcept { return header_->tail.word; }
    shared_word& head() const noexcept { return header_->head.word; }
    shared_word& claim_at(std::uint64_t position) const noexcept { return claims_[position & mask()]; }
    shared_word& mark_at(std::uint64_t position) const noexcept { return claims_[granules() + (position & mask())]; }
    std::byte* granule_at(std::uint64_t position) const noexcept {
        return data_ + static_cast<std::size_t>(position & mask()) * granule_bytes;
    }
    std::byte* payload_at(std::uint64_t position) const noexcept { return granule_at(position) + record_header_bytes; }
    shared_word& record_at(std::uint64_t position) const noexcept {
        return *reinterpret_cast<shared_word*>(granule_at(position));
    }
    // The record's header where the record may be gone: what it says holds only if a swap of its mark succeeds
    // afterwards.
    record_header peek(std::uint64_t position) const noexcept;

    std::uint32_t mask() const noexcept { return granules() - 1; }
    std::uint32_t most_record() const noexcept { return std::min(granules() / 4, most_record_granules); }  // granules
    std::uint64_t lap_of(std::uint64_t position) const noexcept {
        return ((position >> shift_) + 1) & (position_mask >> shift_);
    }
    // > 0: `lap` is later than that of `position`; 0: the same.
    std::int64_t laps_ahead(std::uint64_t lap, std::uint64_t position) const noexcept {
        const std::uint32_t unused = 64 - (position_bits - shift_);
        return static_cast<std::int64_t>((lap - lap_of(position)) << unused) >> unused;
    }
    // Could this claim stand at this boundary?
    bool credible(claim_word claim, std::uint64_t position) const noexcept {
        const std::uint32_t room = granules() - static_cast<std::uint32_t>(position & mask());
        if (claim.lap() != lap_of(position) || claim.granules() == 0 || claim.granules() > most_record()) return false;
        if (claim.state() == claim_state::pad) return claim.granules() == room;
        return claim.state() == claim_state::message && claim.granules() <= room;
    }

    // Moves the tail past the claim at `position` unless that is done; the tail word seen last before it moved or
    // after.
    tail_word advance(std::uint64_t position, claim_word claim) const noexcept {
        tail_word seen{tail().load(std::memory_order_acquire)};  // sync: tail - observes the flags set before the claim
        while (seen.position() == position) {
            const tail_word next = seen.after(claim.granules(), claim.state() == claim_state::message);
            // sync: tail - publishes the claim; observes PARKED and CLOSED in one order with it
            // crash: nothing is missing; the tail is a boundary again
            if (tail().compare_exchange_weak(seen.bits, next.bits, std::memory_order_acq_rel,
                                             std::memory_order_acquire))
                break;
        }
        return seen;
    }
    // Makes the tail catch up with a claim a dead writer left behind it. False: corrupt.
    bool mend_tail(std::uint64_t up_to) const noexcept;
    // Whether this tail has passed a boundary at which nothing was claimed: no writer leaves that.
    bool unclaimed_behind(tail_word tail, std::uint64_t position) const noexcept;
    // The second line of this record, and those some records ahead, on their way from the other side's cache while this
    // record is dealt with.
    void bring_near_to_read(std::uint64_t position, std::uint32_t granules) const noexcept {
        if (granules > 1) __builtin_prefetch(granule_at(position + 1), 0);
        for (const std::uint64_t ahead : {8, 9}) __builtin_prefetch(granule_at(position + ahead), 0);
    }
    // And those a writer comes to soon, away from the reader's.
    void bring_near_to_write(std::uint64_t position) const noexcept {
        for (const std::uint64_t ahead : {4, 5}) base::prefetch_to_write(granule_at(position + ahead));
    }
    // Zeroes the first word of each granule in between.
    void clear(std::uint64_t from, std::uint64_t to) const;
    // Renews claim and mark words older than a lap; only whoever may move the head. Does nothing before its time.
    void scrub(std::uint64_t position, std::uint64_t every) const;

private:
    ring(void* block, std::uint32_t granules, reader_mode mode) noexcept;

    // From the head to the tail of the beginning. A dead process claimed nothing behind the tail of its death.
    struct cursor {
        std::uint64_t position;
        std::uint64_t last;
    };
    cursor begin() const noexcept;
    // The claim at the cursor, which moves past it; where that was read past meanwhile, the cursor follows the head.
    bool next_claim(cursor& at, std::uint64_t& position, claim_word& claim) const noexcept;
    bool walk_next(cursor& at, record& seen) const noexcept;
    // The next record that the dead one claimed or had taken; without a payload when it is not committed.
    bool disown_next(cursor& at, owner_id dead, record& seen) const noexcept;
    void let_go(owner_id dead, std::uint64_t position) const noexcept;

    ring_header* header_;
    shared_word* claims_;
    std::byte* data_;
    std::uint32_t shift_;
    reader_mode mode_;
};

// Granules between two scrubs: 2^24 laps, and at most an eighth of the circle of positions.
std::uint64_t default_scrub_interval(std::uint32_t granules) noexcept;

}  // namespace troupe::shm
