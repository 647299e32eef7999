// The reading end of a ring with one reader, one for each ring. Not thread-safe.
//
// look finds the oldest record not yet consumed; look_after goes on behind one that is left where it is; revisit comes
// back to such a one. consume moves
// the journal: from that store on, no later reader of this ring sees the record. Call it before the handler for at most
// once, after it for at least once. Room is given back in batches, by flush.
//
// A turn:  while (look(r) == sight::message) { consume(r); ...; flush_when_due(); }
//          in_flight: flush, then yield.   empty, and nothing else to do: park.
//          if (writers_wait()) ring every process in ring.waiting_writers()
// To wake: take the rings, count the wake-up, unpark, look. Counting before taking would swallow a ring.
//
// Consumed out of order, a record stays where it is with a mark; the head moves when the records before it are
// consumed. A reader that consumes in order never touches the marks.
//
// Crash windows: consumed but not cleared - the journal tells, recover clears. Half cleared - cleared again; sizes come
// from the claim words. Head moved and the waiting writers not rung - their bits still stand, and recover says ring.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "shm/ring.hpp"

namespace troupe::shm {

// At a place where no record is committed, a thorough look asks the claim and the tail why, and so drags the lines that
// the writers write to away from them: a round trip takes twice as long when it is done for every message. A look at
// the headers asks seldom; until then it takes a pad, a dead writer's claim and the end of the ring for `empty`.
enum class looking { at_headers, thoroughly };

class ring_reader {
public:
    // `scrub_every`: granules between two scrubs; 0 for the default.
    ring_reader(const ring& ring, liveness who, std::uint64_t scrub_every = 0) noexcept;
    ring_reader(const ring_reader&) = delete;
    ring_reader& operator=(const ring_reader&) = delete;

    // Takes over from another reader, dead or done: its journal, its marks and its debts. Count a wake-up first. Must
    // be called on any ring that had a reader before. False: corrupt.
    [[nodiscard]] bool recover();

    // A record's payload stays valid until the flush or park after it is consumed.
    sight look(record& found, looking how = looking::thoroughly);
    sight look_after(const record& before, record& found, looking how = looking::thoroughly) {
        return look_from(position_after(before.position, granules_of(before.bytes)), found, how);
    }
    // From a boundary on that an earlier look has come to.
    sight look_from(std::uint64_t position, record& found, looking how = looking::thoroughly);
    // A record that an earlier look found there; false when it has been consumed since.
    bool revisit(std::uint64_t position, record& found);
    // Is there anything at the place where the last look stopped? For spinning: one load, but near the ring's end. It
    // misses the end of the ring and a dead writer's claim. May say true for ever where look says otherwise (a void
    // record, say), so look when it does.
    bool glance() noexcept {
        if (ring_.record_at(edge_).load(std::memory_order_relaxed) != 0) return true;  // relaxed: look reads it again
        return a_pad_may_stand_at(edge_) && ++glances_ % asked_near_end == 0 && (ask_why_ = may_be_claimed());
    }

    // Whether the look has found the last of a long row of records, and the writers are hardly ahead of it. A reader
    // that is as fast as they are holds them up at every line; let alone for some µs, they run at their own speed.
    bool follows_closely() const noexcept {
        return in_a_row_ == 0 && distance(cursor_, ring_.tail_position()) < hardly_ahead;
    }

    void consume(const record& r);
    // Of the messages packed in a record so many are consumed, at most most_parts, and not yet the record; a later
    // reader finds that too.
    void consume_part(const record& r, std::uint32_t parts);
    std::uint32_t parts_consumed(const record& r) const noexcept;

    // Gives back the room of what was consumed. True: writers_wait.
    bool flush() {
        if (cursor_ != head_) publish();
        return writers_wait();
    }
    // The same, but only when an eighth of the ring is to be given back. Not for each record that a waiting writer
    // could use: every one of its wake-ups would then be good for one record.
    bool flush_when_due() {
        if (distance(head_, cursor_) >= ring_.granules() / 8) publish();
        return writers_wait();
    }
    // There is room that was not given back: flush before sleeping, at the latest.
    bool owes_room() const noexcept { return cursor_ != head_; }
    // And a writer waits for it: flush at the end of the turn.
    bool writers_want_room() const noexcept {
        // relaxed: the exchange in publish decides
        return owes_room() && head_word{ring_.head().load(std::memory_order_relaxed)}.waiters();
    }

    // Flushes; then empty: parked. Writers ring from now on. Anything else: look again. `ended` also with records left
    // that were passed over.
    sight park();
    void unpark() noexcept;

    // True once after anything above found writers waiting. Ask at the end of a turn and before sleeping.
    bool writers_wait() noexcept { return std::exchange(writers_wait_, false); }

    // Records dropped by this reader because their writer died before it committed them.
    std::uint64_t torn() const noexcept { return torn_; }
    const ring& of() const noexcept { return ring_; }

private:
    // One look at headers in so many asks why there is none; near the ring's end, where a pad may stand, one look or
    // glance in a few.
    static constexpr std::uint32_t asked_seldom = 256, asked_near_end = 4;
    static constexpr std::uint32_t longest_usual_record = 65;
    static constexpr std::uint32_t long_row = 128;
    static constexpr std::int64_t hardly_ahead = 256;  // granules
    bool a_pad_may_stand_at(std::uint64_t position) const noexcept {
        return ring_.granules() - (position & ring_.mask()) < longest_usual_record;
    }

    struct step;
    step inspect(std::uint64_t position, record& found, looking how = looking::thoroughly);
    std::optional<step> why_uncommitted(std::uint64_t position, record_header& header);
    bool may_be_claimed() const noexcept;
    step nothing_at(std::uint64_t position);
    step drop_torn(std::uint64_t position, claim_word claim);
    sight stop_at(std::uint64_t position, sight seen) noexcept;
    bool consumed_early(std::uint64_t position) const noexcept;
    void pass(std::uint64_t granules, bool message) noexcept;
    void publish();

    ring ring_;
    liveness who_;
    std::uint64_t scrub_every_;
    std::uint64_t head_ = 0;      // published
    std::uint64_t cursor_ = 0;    // everything before it is consumed
    std::uint64_t journal_ = 0;   // the position last stored in reclaim
    std::uint64_t edge_ = 0;      // where the last look found nothing
    std::uint32_t messages_ = 0;  // passed by the cursor, as the head counts
    std::uint32_t marks_ = 0;     // records consumed ahead of the cursor
    std::uint64_t torn_ = 0;
    std::uint32_t uncommitted_ = 0;  // places without a record met by looks at headers
    std::uint32_t glances_ = 0;      // near the end
    std::uint32_t in_a_row_ = 1;     // records found without a place that had none, modulo long_row
    bool ask_why_ = false;           // the next look is to ask why there is no record
    bool writers_wait_ = false;
    bool corrupt_ = false;
};

}  // namespace troupe::shm
