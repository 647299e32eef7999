#include "shm/ring_writer.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "base/machine.hpp"
#include "base/step.hpp"

namespace troupe::shm {
namespace {

// How often to look again before moving the tail for another writer, who is most likely doing it just now.
constexpr unsigned patience = 8;

}  // namespace

void claim::drop() noexcept {
    ring_writer* const writer = writer_;
    if (finish(0, record_header::committed_flag | record_header::void_flag)) writer->owes_bell_ = true;
}

// A void record takes room and a place in the capacity until a reader passes it, so a parked reader must hear of it.
bool claim::abandon() {
    TROUPE_CHECK(writer_ != nullptr);
    return finish(0, record_header::committed_flag | record_header::void_flag);
}

ring_writer::ring_writer(const ring& ring, owner_id me) noexcept
    : ring_(ring),
      me_(me),
      head_{ring.head().load(std::memory_order_acquire)} {}  // sync: head - observes what was cleared

void ring_writer::ask_for_room(std::uint32_t slot) noexcept {
    ring_.waiting_writers().add(slot);
    asking_ = true;
}

void ring_writer::stop_asking(std::uint32_t slot) noexcept {
    ring_.waiting_writers().remove(slot);
    asking_ = false;
    has_turn_ = false;
    gave_way_ = false;
}

void ring_writer::leave_wish() noexcept {
    if (!asking_) return;
    // sync: head - publishes the wish in one order with the head's moves; observes what was cleared
    // crash: WAITERS without a wish: a needless ring
    head_ = {ring_.head().fetch_or(head_word::waiters_bit, std::memory_order_seq_cst)};
}

room ring_writer::try_claim(std::uint32_t payload_bytes, std::uint32_t capacity, claim& out) {
    TROUPE_CHECK(!out && payload_bytes <= ring_.most_payload() && capacity > 0);
    const std::uint32_t wanted = granules_of(payload_bytes);
    capacity = std::min(capacity, most_messages);

    for (unsigned looks = 0;;) {
        // sync: closed - observes an end that came before this writer's wish for room
        const tail_word tail{ring_.tail().load(std::memory_order_seq_cst)};
        if (tail.closed()) return room::closed;
        const std::uint64_t position = tail.position();
        // sync: claim - observes the size of a claim whose owner has not moved the tail
        claim_word found{ring_.claim_at(position).load(std::memory_order_acquire)};
        const std::int64_t ahead = ring_.laps_ahead(found.lap(), position);
        if (ahead == 0 && ring_.credible(found, position)) {
            if (++looks < patience) {
                base::pause_cpu();
            } else {
                looks = 0;
                ring_.advance(position, found);
                TROUPE_STEP("ring: helped");
            }
            continue;
        }
        if (ahead >= 0) {  // our tail is stale, or no writer wrote this
            if (unmoved(tail, found)) return room::corrupt;
            continue;
        }

        const std::uint32_t left = ring_.granules() - static_cast<std::uint32_t>(position & ring_.mask());
        const bool pad = wanted > left;
        switch (find_room(tail, pad ? left + wanted : wanted, capacity)) {
        case verdict::fits: break;
        case verdict::look_again: continue;
        case verdict::full: return room::full;
        case verdict::impossible:
            if (unmoved(tail, found)) return room::corrupt;
            continue;
        }

        const claim_word mine = claim_word::make(ring_.lap_of(position), pad ? left : wanted,
                                                 pad ? claim_state::pad : claim_state::message, me_);
        TROUPE_STEP("ring: before claim");
        // sync: claim - publishes who owns the granules, and how many
        // crash: claimed: a reader drops it once the owner is dead, and whoever comes next moves the tail
        if (!ring_.claim_at(position).compare_exchange_strong(found.bits, mine.bits, std::memory_order_acq_rel,
                                                              std::memory_order_relaxed))  // relaxed: it is read again
            continue;
        TROUPE_STEP("ring: claimed");
        const tail_word seen = ring_.advance(position, mine);
        TROUPE_STEP("ring: advanced");
        if (pad) continue;

        if (streams_) ring_.bring_near_to_write(position_after(position, wanted));
        has_turn_ = false;
        gave_way_ = false;
        out.writer_ = this;
        out.payload_ = ring_.payload_at(position);
        out.position_ = position;
        out.bytes_ = payload_bytes;
        out.parked_ = seen.parked();
        if (!seen.closed()) return room::claimed;
        out.finish(0, record_header::committed_flag | record_header::void_flag);
        return room::closed;
    }
}

// Small steps: the head last seen will do while less than half the ring is used by it, since nobody gives way then, and
// while the counts tell how many messages that makes.
ring_writer::verdict ring_writer::find_room(tail_word tail, std::uint32_t need, std::uint32_t capacity) {
    const bool is_near = distance(head_.position(), tail.position()) < std::int64_t{count_circle};
    if (is_near && judge(tail, head_, need, capacity) == judgement::ample) return verdict::fits;

    // sync: head - observes that what we are about to use was cleared, and who waits
    head_ = {ring_.head().load(std::memory_order_seq_cst)};
    for (;;) {
        const judgement what = judge(tail, head_, need, capacity);
        if (what == judgement::impossible) return verdict::impossible;
        if (what == judgement::ample) return verdict::fits;
        if (what == judgement::tight && !gives_way(tail)) return verdict::fits;
        if (!asking_) return verdict::full;
        if (what == judgement::none) has_turn_ = true;

        // sync: head - publishes the wish in one order with the head's moves; observes what was cleared
        // crash: WAITERS without a wish: a needless ring
        const head_word before{ring_.head().fetch_or(head_word::waiters_bit, std::memory_order_seq_cst)};
        TROUPE_STEP("ring: asked for room");
        const bool moved = before.position() != head_.position();
        head_ = before;
        if (moved) continue;
        // Of two that look after they have written, one sees the other: a reader that parks, and a writer that gives
        // way. sync: parked - observes a reader that parked before it could see the wish
        if (what == judgement::tight && tail_word{ring_.tail().load(std::memory_order_seq_cst)}.parked())
            return verdict::look_again;
        return verdict::full;
    }
}

ring_writer::judgement ring_writer::judge(tail_word tail, head_word head, std::uint32_t need,
                                          std::uint32_t capacity) const noexcept {
    const std::int64_t used = distance(head.position(), tail.position());
    if (used < 0 || used > ring_.granules()) return judgement::impossible;
    if (used + need > ring_.granules() || claimed_since(head, tail) >= capacity) return judgement::none;
    return used + need > ring_.granules() / 2 ? judgement::tight : judgement::ample;
}

bool ring_writer::gives_way(tail_word tail) noexcept {
    if (!gives_way_ || has_turn_ || !head_.waiters() || tail.parked()) return false;
    if (gave_way_) return head_.position() == gave_way_at_;
    gave_way_ = true;
    gave_way_at_ = head_.position();
    return true;
}

// Tail and claim word together: a head beyond the tail is right when a writer died there in between.
bool ring_writer::unmoved(tail_word tail, claim_word found) const noexcept {
    // sync: claim - observes that it stood still
    if (ring_.claim_at(tail.position()).load(std::memory_order_acquire) != found.bits) return false;
    return ring_.tail().load(std::memory_order_acquire) == tail.bits;  // sync: tail - observes that it stood still
}

}  // namespace troupe::shm
