#include "shm/ring_reader.hpp"

#include "base/check.hpp"
#include "base/step.hpp"

namespace troupe::shm {
namespace {}  // namespace

// What stands at a boundary, and how many granules to the next one. A skip is a pad, a void record, or one that was
// consumed out of order.
struct ring_reader::step {
    enum class what { message, skip, nothing } kind = what::nothing;
    std::uint32_t granules = 0;
    bool counted = false;  // as a message
    enum sight sight = sight::empty;

    static step stop(shm::sight seen) { return {what::nothing, 0, false, seen}; }
    static step skip(std::uint32_t granules, bool counted) { return {what::skip, granules, counted, sight::message}; }
};

ring_reader::ring_reader(const ring& ring, liveness who, std::uint64_t scrub_every) noexcept
    : ring_(ring), who_(who), scrub_every_(scrub_every != 0 ? scrub_every : default_scrub_interval(ring.granules())) {
    TROUPE_CHECK(ring.mode() == reader_mode::one);
    const head_word head{ring_.head().load(std::memory_order_acquire)};  // sync: head - observes what was cleared
    head_ = cursor_ = edge_ = head.position();
    messages_ = head.messages();
    // sync: journal - observes how far the last reader came
    const reclaim_word journal{ring_.header().journal.reclaim.load(std::memory_order_acquire)};
    journal_ = journal.position();
}

bool ring_reader::recover() {
    const head_word head{ring_.head().load(std::memory_order_acquire)};  // sync: head - observes what was cleared
    // sync: journal - observes how far the last reader came
    const reclaim_word journal{ring_.header().journal.reclaim.load(std::memory_order_acquire)};
    head_ = cursor_ = edge_ = head.position();
    messages_ = head.messages();
    marks_ = 0;
    corrupt_ = true;

    // Sizes come from the claims: the headers may be cleared already.
    const auto size_at = [&](std::uint64_t position) -> claim_word {
        // sync: claim - observes size and lap
        const claim_word claim{ring_.claim_at(position).load(std::memory_order_acquire)};
        return ring_.credible(claim, position) ? claim : claim_word{};
    };
    const std::int64_t consumed = distance(head_, journal.position());
    if (consumed < 0 || consumed > ring_.granules()) return false;
    while (cursor_ != journal.position()) {
        const claim_word claim = size_at(cursor_);
        if (claim.granules() == 0 || claim.granules() > distance(cursor_, journal.position())) return false;
        pass(claim.granules(), claim.state() == claim_state::message);
    }
    journal_ = cursor_;
    for (std::uint64_t at = cursor_; distance(head_, at) < ring_.granules();) {
        const claim_word claim = size_at(at);
        if (claim.granules() == 0) break;
        if (consumed_early(at)) ++marks_;
        at = position_after(at, claim.granules());
    }
    corrupt_ = false;
    TROUPE_STEP("ring: recovering");
    unpark();
    if (cursor_ != head_) publish();
    // The last reader may have moved the head and died before it rang.
    writers_wait_ = true;
    return true;
}

sight ring_reader::look(record& found, looking how) {
    if (corrupt_) return sight::corrupt;
    // Whoever never flushes would otherwise read its own consumed records as the next lap's.
    if (distance(head_, cursor_) >= ring_.granules()) publish();
    for (;;) {
        const step here = inspect(cursor_, found, how);
        if (here.kind == step::what::message) {
            in_a_row_ = (in_a_row_ + 1) % long_row;
            return sight::message;
        }
        in_a_row_ = 1;
        if (here.kind == step::what::nothing) return stop_at(cursor_, here.sight);
        if (marks_ != 0 && consumed_early(cursor_)) --marks_;
        pass(here.granules, here.counted);
    }
}

sight ring_reader::look_from(std::uint64_t position, record& found, looking how) {
    if (corrupt_) return sight::corrupt;
    std::uint64_t at = distance(cursor_, position) < 0 ? cursor_ : position;
    for (;;) {
        const step here = inspect(at, found, how);
        if (here.kind == step::what::message) return sight::message;
        if (here.kind == step::what::nothing) return stop_at(at, here.sight);
        at = position_after(at, here.granules);
    }
}

bool ring_reader::revisit(std::uint64_t position, record& found) {
    if (corrupt_ || distance(cursor_, position) < 0) return false;
    const step here = inspect(position, found);
    if (here.sight == sight::corrupt) corrupt_ = true;
    return here.kind == step::what::message;
}

sight ring_reader::stop_at(std::uint64_t position, sight seen) noexcept {
    edge_ = position;
    if (seen == sight::corrupt) corrupt_ = true;
    return seen;
}

inline ring_reader::step ring_reader::inspect(std::uint64_t position, record& found, looking how) {
    const std::int64_t ahead = distance(head_, position);
    if (ahead >= ring_.granules())
        return nothing_at(position);  // every granule holds something, passed over or unflushed

    // sync: commit - observes the payload
    record_header header{ring_.record_at(position).load(std::memory_order_acquire)};
    if (header.bits == 0) {
        const std::uint32_t asked_every = a_pad_may_stand_at(position) ? asked_near_end : asked_seldom;
        if (how == looking::at_headers && !std::exchange(ask_why_, false) && ++uncommitted_ % asked_every != 0)
            return step::stop(sight::empty);
        if (const auto why = why_uncommitted(position, header)) return *why;
    }

    const std::uint32_t granules = granules_of(header.length());
    if (!header.credible(position, ring_.most_payload()) || ahead + granules > ring_.granules() ||
        (position & ring_.mask()) + granules > ring_.granules())
        return step::stop(sight::corrupt);
    if (header.is_void() || (marks_ != 0 && consumed_early(position))) return step::skip(granules, true);
    ring_.bring_near_to_read(position, granules);
    found = {position, ring_.payload_at(position), header.length(), header.kind()};
    return {step::what::message, granules, true, sight::message};
}

// Nothing when there is a header after all.
std::optional<ring_reader::step> ring_reader::why_uncommitted(std::uint64_t position, record_header& header) {
    // sync: claim - observes who copies
    const claim_word claim{ring_.claim_at(position).load(std::memory_order_acquire)};
    const std::int64_t laps = ring_.laps_ahead(claim.lap(), position);
    if (laps < 0) return nothing_at(position);
    if (laps > 0 || !ring_.credible(claim, position) || distance(head_, position) + claim.granules() > ring_.granules())
        return step::stop(sight::corrupt);
    if (claim.state() == claim_state::pad) return step::skip(claim.granules(), false);
    if (!who_.is_dead(claim.owner())) return step::stop(sight::in_flight);
    // It may have committed between our look and its death.
    // sync: commit - observes the payload
    header.bits = ring_.record_at(position).load(std::memory_order_acquire);
    if (header.bits == 0) return drop_torn(position, claim);
    return std::nullopt;
}

ring_reader::step ring_reader::nothing_at(std::uint64_t position) {
    // A writer that died behind its claim leaves the tail where it was; with such a tail nobody could park again.
    if (!ring_.mend_tail(position)) return step::stop(sight::corrupt);
    // sync: closed - observes the end, in one order with the claims
    const tail_word tail{ring_.tail().load(std::memory_order_seq_cst)};
    if (ring_.unclaimed_behind(tail, position)) return step::stop(sight::corrupt);
    return step::stop(tail.position() == position && tail.closed() ? sight::ended : sight::empty);
}

// Commits a dead writer's claim in its place, as void, so that every later look agrees about it.
ring_reader::step ring_reader::drop_torn(std::uint64_t position, claim_word claim) {
    const std::uint32_t length = claim.granules() * granule_bytes - record_header_bytes;
    TROUPE_STEP("ring: before dropping a torn record");
    // sync: commit - publishes that nothing is here
    // crash: void, and not counted as torn
    ring_.record_at(position).store(
        record_header::make(position, length, 0, record_header::committed_flag | record_header::void_flag).bits,
        std::memory_order_release);
    TROUPE_STEP("ring: torn record dropped");
    ++torn_;
    ring_.header().identity.torn.fetch_add(1, std::memory_order_relaxed);  // relaxed: a number to show
    return step::skip(claim.granules(), true);
}

// The next place without a record is asked why; here, whether it is worth a look.
bool ring_reader::may_be_claimed() const noexcept {
    // relaxed: look reads it again
    const claim_word claim{ring_.claim_at(edge_).load(std::memory_order_relaxed)};
    return ring_.laps_ahead(claim.lap(), edge_) >= 0;
}

bool ring_reader::consumed_early(std::uint64_t position) const noexcept {
    // sync: mark - observes that an earlier reader consumed it
    const mark_word mark{ring_.mark_at(position).load(std::memory_order_acquire)};
    return mark.lap() == ring_.lap_of(position) && mark.state() == mark_state::done;
}

void ring_reader::pass(std::uint64_t granules, bool message) noexcept {
    cursor_ = position_after(cursor_, granules);
    messages_ += message ? 1 : 0;
}

void ring_reader::consume(const record& r) {
    TROUPE_STEP("ring: before consume");
    if (r.position == cursor_) {
        pass(granules_of(r.bytes), true);
        journal_ = cursor_;
        // sync: journal - publishes that no later reader may see the record
        // crash: consumed; its room comes back with the next reader
        ring_.header().journal.reclaim.store(reclaim_word::make(cursor_).bits, std::memory_order_release);
    } else if (distance(cursor_, r.position) > 0 && !(marks_ != 0 && consumed_early(r.position))) {
        // sync: mark - publishes that no later reader may see the record
        // crash: consumed; found marked by the next reader
        ring_.mark_at(r.position)
            .store(mark_word::make(ring_.lap_of(r.position), mark_state::done, {}).bits, std::memory_order_release);
        ++marks_;
    }
    TROUPE_STEP("ring: consumed");
}

void ring_reader::consume_part(const record& r, std::uint32_t parts) {
    TROUPE_CHECK(parts <= most_parts);
    TROUPE_STEP("ring: before consume");
    // sync: mark - publishes how many messages in it no later reader may see
    // crash: those are consumed, the others are not
    ring_.mark_at(r.position)
        .store(mark_word::make(ring_.lap_of(r.position), mark_state::available, {}, parts).bits,
               std::memory_order_release);
    TROUPE_STEP("ring: part consumed");
}

std::uint32_t ring_reader::parts_consumed(const record& r) const noexcept {
    // sync: mark - observes how many an earlier reader consumed
    const mark_word mark{ring_.mark_at(r.position).load(std::memory_order_acquire)};
    return mark.lap() == ring_.lap_of(r.position) && mark.state() == mark_state::available ? mark.parts() : 0;
}

void ring_reader::publish() {
    if (journal_ != cursor_) {  // pads and void records: nothing was consumed, but clearing needs the journal
        journal_ = cursor_;
        // sync: journal - publishes what may be cleared
        // crash: cleared by the next reader
        ring_.header().journal.reclaim.store(reclaim_word::make(cursor_).bits, std::memory_order_release);
    }
    TROUPE_STEP("ring: before clearing");
    ring_.clear(head_, cursor_);
    const std::uint64_t moved = head_word::make(cursor_, messages_).bits;
    // sync: head - publishes the cleared granules; observes the wishes of those who set WAITERS
    // crash: the waiting writers are not rung, but their bits stand, and whoever recovers rings them
    const head_word before{ring_.head().exchange(moved, std::memory_order_acq_rel)};
    TROUPE_STEP("ring: head moved");
    head_ = cursor_;
    if (before.waiters()) writers_wait_ = true;
    ring_.scrub(cursor_, scrub_every_);
}

sight ring_reader::park() {
    if (corrupt_) return sight::corrupt;
    if (cursor_ != head_) publish();
    const std::uint64_t end = distance(cursor_, edge_) < 0 ? cursor_ : edge_;
    record ignored;
    const step here = inspect(end, ignored);
    if (here.kind != step::what::nothing) return sight::message;
    if (here.sight != sight::empty) return stop_at(end, here.sight);

    tail_word tail{ring_.tail().load(std::memory_order_acquire)};  // sync: tail - observes the claims before it
    do {
        if (tail.position() != end) return sight::message;
        if (tail.closed()) return sight::ended;
        if (tail.parked()) break;
        TROUPE_STEP("ring: before parking");
        // sync: parked - publishes that writers must ring, in one order with their claims
        // crash: writers ring in vain; the next reader clears it
    } while (!ring_.tail().compare_exchange_weak(tail.bits, tail.bits | tail_word::parked_bit,
                                                 std::memory_order_seq_cst, std::memory_order_acquire));
    TROUPE_STEP("ring: parked");
    // Records may be left that were passed over. A writer that gives way would wait for a head that does not move now.
    // sync: head - observes the wish of a writer that has not seen PARKED
    if (head_word{ring_.head().load(std::memory_order_seq_cst)}.waiters()) writers_wait_ = true;
    return sight::empty;
}

void ring_reader::unpark() noexcept {
    // sync: parked - publishes that the reader looks by itself
    // crash: nobody rings: the keeper rings whoever recovers
    ring_.tail().fetch_and(~tail_word::parked_bit, std::memory_order_acq_rel);
}

}  // namespace troupe::shm
