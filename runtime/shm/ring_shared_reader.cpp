#include "shm/ring_shared_reader.hpp"

#include "base/check.hpp"
#include "base/step.hpp"

namespace troupe::shm {

ring_shared_reader::ring_shared_reader(const ring& ring, owner_id me, liveness who, std::uint64_t scrub_every) noexcept
    : ring_(ring),
      me_(me),
      who_(who),
      scrub_every_(scrub_every != 0 ? scrub_every : default_scrub_interval(ring.granules())) {
    TROUPE_CHECK(ring.mode() == reader_mode::many);
    hint_ = edge_ = ring_.head_position();
}

sight ring_shared_reader::take(record& taken) {
    sight seen;
    place at;
    for (;;) {
        seen = find(at);
        if (seen != sight::message) break;
        TROUPE_STEP("ring: before take");
        const std::uint64_t lap = ring_.lap_of(at.position);
        const std::uint32_t given_back = at.mark.lap() == lap ? at.mark.parts() : 0;
        std::uint64_t expected = at.mark.bits;
        // sync: mark - publishes who has it, in one order with all who would; observes what the last holder left
        // crash: taken by the dead: available to the others, in its old place
        if (!ring_.mark_at(at.position)
                 .compare_exchange_strong(expected, mark_word::make(lap, mark_state::taken, me_, given_back).bits,
                                          std::memory_order_acq_rel,
                                          std::memory_order_relaxed))  // relaxed: it is read again
            continue;
        TROUPE_STEP("ring: taken");
        // sync: commit - observes the payload
        const record_header header{ring_.record_at(at.position).load(std::memory_order_acquire)};
        if (header.bits != at.header.bits) return sight::corrupt;
        taken = {at.position, ring_.payload_at(at.position), header.length(), header.kind()};
        edge_ = position_after(at.position, at.claim.granules());
        break;
    }
    if (sweep_due_) sweep();
    if (woken_ && seen != sight::in_flight) {
        woken_ = false;
        if (seen == sight::message) pass_on();
        if (seen == sight::ended && !ring_.waiting_readers().empty()) readers_wait_ = true;
    }
    return seen;
}

sight ring_shared_reader::find(place& at) {
    // sync: returns - observes the marks of records given back
    const std::uint64_t returns = ring_.header().returns.word.load(std::memory_order_seq_cst);
    if (returns != returns_) rescan_ = true;
    returns_ = returns;
    std::uint64_t head = ring_.head_position();
    const auto outside = [&](std::uint64_t position) {
        const std::int64_t ahead = distance(head, position);
        return ahead < 0 || ahead > ring_.granules();
    };
    if (rescan_ || outside(hint_)) hint_ = head;
    rescan_ = false;

    for (;;) {
        at.position = edge_ = hint_;
        if (distance(head, hint_) >= ring_.granules()) {
            const std::uint64_t moved = ring_.head_position();
            if (moved == head) return nothing_at(hint_);  // every granule holds something, and others have it
            head = moved;
            if (outside(hint_)) hint_ = head;
            continue;
        }
        switch (examine(at)) {
        case fate::available: return sight::message;
        case fate::in_flight: return sight::in_flight;
        case fate::corrupt: return sight::corrupt;
        case fate::unclaimed: return nothing_at(hint_);
        case fate::passed: hint_ = position_after(hint_, at.claim.granules()); break;
        case fate::changed:
            head = ring_.head_position();
            if (outside(hint_)) hint_ = head;
            break;
        }
    }
}

// Marks are read before headers: a header may be cleared under our eyes, but only after its mark has changed.
ring_shared_reader::fate ring_shared_reader::examine(place& at) {
    const std::uint64_t position = at.position;
    const auto gone_or_corrupt = [&] {  // a later lap stands where the head has not been
        return distance(ring_.head_position(), position) < 0 ? fate::changed : fate::corrupt;
    };
    // sync: claim - observes size and owner
    at.claim = {ring_.claim_at(position).load(std::memory_order_acquire)};
    const std::int64_t laps = ring_.laps_ahead(at.claim.lap(), position);
    if (laps < 0) return fate::unclaimed;
    if (laps > 0) return gone_or_corrupt();
    if (!ring_.credible(at.claim, position)) return fate::corrupt;
    if (at.claim.state() == claim_state::pad) return fate::passed;

    at.mark = {ring_.mark_at(position).load(std::memory_order_acquire)};  // sync: mark - observes who has it
    const std::int64_t mark_laps = ring_.laps_ahead(at.mark.lap(), position);
    if (mark_laps > 0) return gone_or_corrupt();
    if (mark_laps == 0) {
        if (at.mark.state() > mark_state::done) return fate::corrupt;
        if (at.mark.state() == mark_state::done) return fate::passed;
        if (at.mark.state() == mark_state::taken && (at.mark.owner() == me_ || !who_.is_dead(at.mark.owner())))
            return fate::passed;
    }

    at.header = ring_.peek(position);
    if (at.header.bits == 0) {
        if (mark_laps == 0) return if_unchanged(at, fate::corrupt);
        if (!who_.is_dead(at.claim.owner())) return fate::in_flight;
        at.header = ring_.peek(position);  // it may have committed between our look and its death
        if (at.header.bits == 0) return write_off(at) ? fate::passed : fate::changed;
    }
    if (!at.header.credible(position, ring_.most_payload()) || granules_of(at.header.length()) != at.claim.granules())
        return if_unchanged(at, fate::corrupt);
    if (at.header.is_void()) return write_off(at) ? fate::passed : fate::changed;
    return fate::available;
}

ring_shared_reader::fate ring_shared_reader::if_unchanged(const place& at, fate verdict) const noexcept {
    // sync: mark - observes the change that came before what was seen in the header
    return ring_.mark_at(at.position).load(std::memory_order_acquire) == at.mark.bits ? verdict : fate::changed;
}

// Makes a void record, or the claim of a dead writer, done. That the swap succeeds says that it was one.
bool ring_shared_reader::write_off(const place& at) {
    std::uint64_t expected = at.mark.bits;
    TROUPE_STEP("ring: before writing off");
    // sync: mark - publishes that nothing is here
    // crash: done; swept by whoever sweeps next
    if (!ring_.mark_at(at.position)
             .compare_exchange_strong(expected, mark_word::make(ring_.lap_of(at.position), mark_state::done, me_).bits,
                                      std::memory_order_acq_rel,
                                      std::memory_order_relaxed))  // relaxed: it is read again
        return false;
    TROUPE_STEP("ring: written off");
    if (at.header.bits == 0)
        ring_.header().identity.torn.fetch_add(1, std::memory_order_relaxed);  // relaxed: a number to show
    sweep_due_ = true;
    return true;
}

sight ring_shared_reader::nothing_at(std::uint64_t position) {
    // A writer that died behind its claim leaves the tail where it was; with such a tail nobody could park again.
    if (!ring_.mend_tail(position)) return sight::corrupt;
    // sync: closed - observes the end, in one order with the claims
    const tail_word tail{ring_.tail().load(std::memory_order_seq_cst)};
    if (ring_.unclaimed_behind(tail, position)) return sight::corrupt;
    if (tail.position() != position || !tail.closed()) return sight::empty;
    return held_by_another() ? sight::empty : sight::ended;
}

bool ring_shared_reader::held_by_another() const {
    const std::uint64_t head = ring_.head_position();
    for (std::uint64_t at = head; distance(head, at) < ring_.granules();) {
        // sync: claim - observes size and lap
        const claim_word claim{ring_.claim_at(at).load(std::memory_order_acquire)};
        if (!ring_.credible(claim, at)) return false;
        // sync: mark - observes that it is finished, or else its holder observes us waiting
        const mark_word mark{ring_.mark_at(at).load(std::memory_order_seq_cst)};
        if (claim.state() == claim_state::message && mark.lap() == ring_.lap_of(at) &&
            mark.state() == mark_state::taken && mark.owner() != me_)
            return true;
        at = position_after(at, claim.granules());
    }
    return false;
}

bool ring_shared_reader::holds(const record& r, mark_word& mine) const noexcept {
    mine = {ring_.mark_at(r.position).load(std::memory_order_relaxed)};  // relaxed: our own store, or else not ours
    return mine.lap() == ring_.lap_of(r.position) && mine.state() == mark_state::taken && mine.owner() == me_;
}

bool ring_shared_reader::finish(const record& r) {
    mark_word mine;
    if (!holds(r, mine)) return writers_wait();
    TROUPE_STEP("ring: before finish");
    // sync: mark - publishes that its bytes are no longer read
    // crash: done; swept by whoever sweeps next
    if (!ring_.mark_at(r.position)
             .compare_exchange_strong(mine.bits, mark_word::make(mine.lap(), mark_state::done, me_).bits,
                                      std::memory_order_seq_cst))
        return writers_wait();
    TROUPE_STEP("ring: finished");
    // sync: ending - observes that others may wait for the last record to be finished
    if (ring_.header().identity.ending.load(std::memory_order_seq_cst) != 0 && !ring_.waiting_readers().empty())
        readers_wait_ = true;
    sweep();
    return writers_wait();
}

void ring_shared_reader::give_back(const record& r) {
    mark_word mine;
    if (!holds(r, mine)) return;
    TROUPE_STEP("ring: before give back");
    // sync: mark - publishes that it is available
    // crash: available, and the others may not look there: the keeper tells them of a death
    if (!ring_.mark_at(r.position)
             .compare_exchange_strong(mine.bits,
                                      mark_word::make(mine.lap(), mark_state::available, {}, mine.parts()).bits,
                                      std::memory_order_seq_cst))
        return;
    TROUPE_STEP("ring: given back");
    // sync: returns - publishes the mark to readers that have passed it
    // crash: nobody rung: the keeper rings all waiting readers
    ring_.header().returns.word.fetch_add(1, std::memory_order_seq_cst);
    if (!ring_.waiting_readers().empty()) readers_wait_ = true;
}

sight ring_shared_reader::park(std::uint32_t slot) {
    ring_.waiting_readers().add(slot);
    TROUPE_STEP("ring: reader waits");
    place at;
    sight seen = find(at);
    if (seen == sight::empty) {
        tail_word tail{ring_.tail().load(std::memory_order_seq_cst)};  // sync: parked - observes another reader's
        // Also where PARKED stands already: the writer that moves the tail next has seen this swap, and so the bit.
        while (tail.position() == at.position) {
            TROUPE_STEP("ring: before parking");
            // sync: parked - publishes that writers must ring, in one order with their claims
            // crash: writers ring in vain
            if (ring_.tail().compare_exchange_weak(tail.bits, tail.bits | tail_word::parked_bit,
                                                   std::memory_order_seq_cst))
                break;
        }
        TROUPE_STEP("ring: parked");
        // Records given back and an end that came meanwhile rang nobody who was not yet in the set.
        seen = tail.position() == at.position ? find(at) : sight::message;
    }
    if (seen != sight::empty) {
        unpark(slot);
        return seen;
    }
    // sync: head - observes the wish of a writer that has not seen PARKED
    if (head_word{ring_.head().load(std::memory_order_seq_cst)}.waiters()) writers_wait_ = true;
    return sight::empty;
}

void ring_shared_reader::unpark(std::uint32_t slot) {
    woken_ = true;
    ring_.waiting_readers().remove(slot);
    // sync: handed on - publishes that it is awake, before it looks at what it was rung for
    std::atomic_thread_fence(std::memory_order_seq_cst);
    TROUPE_STEP("ring: reader awake");
    if (!ring_.waiting_readers().empty()) return;
    // sync: parked - publishes that nobody waits
    // crash: a reader that has just come to wait is not rung: the keeper rings it
    const tail_word before{ring_.tail().fetch_and(~tail_word::parked_bit, std::memory_order_seq_cst)};
    TROUPE_STEP("ring: unparked");
    if (ring_.waiting_readers().empty()) return;
    // Somebody came to wait in between and saw PARKED set.
    // sync: parked - publishes that writers must ring
    // crash: as above
    const tail_word after{ring_.tail().fetch_or(tail_word::parked_bit, std::memory_order_seq_cst)};
    if ((before.bits ^ after.bits) & ~tail_word::parked_bit) readers_wait_ = true;  // and those writers rang nobody
    // A writer that gave way in between, because it saw no reader parked.
    // sync: head - observes the wish of a writer that has not seen PARKED
    if (head_word{ring_.head().load(std::memory_order_seq_cst)}.waiters()) writers_wait_ = true;
}

void ring_shared_reader::decline() {
    woken_ = false;
    pass_on();
}

// A writer's bell may have reached us for a record that we do not take: while more is there, the next waiting reader
// must be awake too.
void ring_shared_reader::pass_on() {
    if (ring_.waiting_readers().empty()) return;
    place next;
    // What is being copied will be there before a reader that is rung can sleep.
    const sight seen = find(next);
    if (seen == sight::message || seen == sight::in_flight) readers_wait_ = true;
}

bool ring_shared_reader::glance() const noexcept { return ring_.peek(edge_).bits != 0; }

void ring_shared_reader::notice_deaths() {
    rescan_ = true;
    sweep();
}

void ring_shared_reader::sweep() {
    shared_word& word = ring_.header().sweeper.word;
    sweeper_word seen{word.load(std::memory_order_acquire)};  // sync: sweeper - observes the last one's work
    for (;;) {
        const bool taken = seen.owned() && seen.owner() != me_ && !who_.is_dead(seen.owner());
        const sweeper_word next = taken ? seen.requested() : seen.requested().owned_by(me_);
        TROUPE_STEP("ring: before sweep request");
        // sync: sweeper - publishes the done marks to the sweeper; observes the last one's work
        // crash: asked for and not done, or half done: done by whoever sweeps next
        if (!word.compare_exchange_weak(seen.bits, next.bits, std::memory_order_acq_rel, std::memory_order_acquire))
            continue;
        TROUPE_STEP("ring: sweep requested");
        if (taken) return;
        seen = next;
        break;
    }
    for (;;) {
        sweep_once();
        TROUPE_STEP("ring: before sweeper leaves");
        // sync: sweeper - publishes the head's move; observes the done marks behind a request
        // crash: nothing is left to do
        if (word.compare_exchange_strong(seen.bits, seen.released().bits, std::memory_order_acq_rel,
                                         std::memory_order_acquire))
            break;
        if (!seen.owned() || seen.owner() != me_) break;  // no sweeper of ours stores that
    }
    sweep_due_ = false;
}

void ring_shared_reader::sweep_once() {
    const head_word head{ring_.head().load(std::memory_order_acquire)};  // sync: head - observes the last one's work
    std::uint32_t messages = head.messages();
    place at;
    for (at.position = head.position(); distance(head.position(), at.position) < ring_.granules();) {
        // sync: claim - observes size and lap
        at.claim = {ring_.claim_at(at.position).load(std::memory_order_acquire)};
        if (!ring_.credible(at.claim, at.position)) break;
        if (at.claim.state() == claim_state::message) {
            at.mark = {ring_.mark_at(at.position).load(std::memory_order_acquire)};  // sync: mark - observes it is done
            const bool touched = at.mark.lap() == ring_.lap_of(at.position);
            if (touched && at.mark.state() != mark_state::done) break;
            if (!touched) {
                at.header = ring_.peek(at.position);
                if (at.header.bits == 0) {
                    if (!who_.is_dead(at.claim.owner())) break;
                    at.header = ring_.peek(at.position);
                }
                const bool nothing = at.header.bits == 0 ||
                                     (at.header.is_void() && at.header.credible(at.position, ring_.most_payload()));
                if (!nothing) break;
                write_off(at);
                continue;  // whoever has settled it, the mark has changed
            }
            // A void record was never taken, so no mark orders its writer's stores before the clearing.
            // sync: commit - observes the payload that is about to be cleared
            static_cast<void>(ring_.record_at(at.position).load(std::memory_order_acquire));
            ++messages;
        }
        at.position = position_after(at.position, at.claim.granules());
    }
    if (at.position == head.position()) return;
    TROUPE_STEP("ring: before clearing");
    ring_.clear(head.position(), at.position);
    const std::uint64_t moved = head_word::make(at.position, messages).bits;
    // sync: head - publishes the cleared granules; observes the wishes of those who set WAITERS
    // crash: the waiting writers are not rung, but their bits stand, and the keeper rings them
    const head_word before{ring_.head().exchange(moved, std::memory_order_seq_cst)};
    TROUPE_STEP("ring: head moved");
    head_moved_ = true;
    if (before.waiters()) writers_wait_ = true;
    ring_.scrub(at.position, scrub_every_);
}

}  // namespace troupe::shm
