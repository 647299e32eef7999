#include "shm/ring_survey.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "shm/shared_text.hpp"

namespace troupe::shm {
namespace {

// How often a walk begins again at the reader's place, when that has overtaken it.
constexpr std::uint32_t most_retries = 1000;

claim_word claim_of(const ring& of, std::uint64_t position) noexcept {
    // sync: claim - observes size, lap and owner
    return {of.claim_at(position).load(std::memory_order_acquire)};
}

mark_word mark_of(const ring& of, std::uint64_t position) noexcept {
    // sync: mark - observes that it is done, or who has it
    return {of.mark_at(position).load(std::memory_order_acquire)};
}

bool is_done(const ring& of, std::uint64_t position) noexcept {
    const mark_word mark = mark_of(of, position);
    return mark.lap() == of.lap_of(position) && mark.state() == mark_state::done;
}

}  // namespace

std::uint64_t position_read(const ring& of) noexcept {
    const std::uint64_t head = of.head_position();
    if (of.mode() == reader_mode::many) return head;
    // sync: journal - observes how far the reader came
    const reclaim_word journal{of.header().journal.reclaim.load(std::memory_order_acquire)};
    const std::int64_t ahead = distance(head, journal.position());
    return ahead > 0 && ahead <= of.granules() ? journal.position() : head;
}

std::uint64_t granules_unread(const ring& of) noexcept {
    const std::int64_t unread = distance(position_read(of), of.tail_position());
    return unread <= 0 ? 0 : std::min<std::uint64_t>(static_cast<std::uint64_t>(unread), of.granules());
}

std::uint32_t messages_claimed(const ring& of) noexcept {
    return tail_word{of.tail().load(std::memory_order_acquire)}.messages();  // sync: tail - observes the claims
}

std::uint32_t messages_passed(const ring& of) noexcept {
    return head_word{of.head().load(std::memory_order_acquire)}.messages();  // sync: head - observes what was cleared
}

ring_survey::ring_survey(const ring& of) : ring_(of), position_(position_read(of)), end_(of.tail_position()) {
    std::int64_t length = distance(position_, end_);
    for (int i = 0; i < 3 && length > ring_.granules(); ++i) {  // it went round between the two looks
        position_ = position_read(of);
        end_ = of.tail_position();
        length = distance(position_, end_);
    }
    if (length > ring_.granules()) damaged_ = true;
    if (length < 0) end_ = position_;  // the reader was faster than these two looks
}

// The reader has passed it, so another record may stand there by now.
bool ring_survey::is_stale(std::uint64_t position) const noexcept {
    return distance(position, position_read(ring_)) > 0;
}

bool ring_survey::moved_on(std::uint64_t position) noexcept {
    if (!is_stale(position) || ++retries_ > most_retries) return false;
    position_ = position_read(ring_);
    return true;
}

bool ring_survey::next(found& one) {
    while (!damaged_) {
        const std::uint64_t here = position_;
        const claim_word claim = claim_of(ring_, here);
        if (!ring_.credible(claim, here)) {
            if (moved_on(here)) continue;
            // A claim at the tail, which its writer has not moved yet, is the last that there is.
            damaged_ = distance(here, end_) > 0 && !is_stale(here);
            return false;
        }
        if (distance(here, end_) < 0) return false;
        position_ = position_after(here, claim.granules());
        if (claim.state() == claim_state::pad) continue;
        switch (look_at(here, claim, one)) {
        case step::found: return true;
        case step::skipped: break;
        case step::changed:
            if (is_stale(here)) {
                position_ = position_read(ring_);
            } else if (++retries_ <= most_retries) {
                position_ = here;  // committed meanwhile, or done
            }
            break;
        case step::damaged: damaged_ = true; break;
        }
    }
    return false;
}

ring_survey::step ring_survey::look_at(std::uint64_t position, claim_word claim, found& one) {
    const mark_word mark = mark_of(ring_, position);
    const bool marked = mark.lap() == ring_.lap_of(position);
    if (marked && mark.state() == mark_state::done) return step::skipped;
    const record_header header = ring_.peek(position);
    one = {};
    one.position = position;
    one.owner = claim.owner();
    if (header.bits == 0) {
        if (!still_there(position, claim, header)) return step::changed;
        one.what = surveyed::in_flight;
        return step::found;
    }
    const bool whole =
        header.credible(position, ring_.most_payload()) && granules_of(header.length()) == claim.granules();
    if (whole && header.is_void()) return step::skipped;
    copy(position, whole ? header.length() : 0);
    if (!still_there(position, claim, header)) return step::changed;
    if (!whole) return step::damaged;
    one.kind = header.kind();
    if (marked && mark.state() == mark_state::taken) {
        one.taken = true;
        one.taker = mark.owner();
    } else if (marked && ring_.mode() == reader_mode::one) {
        one.parts = mark.parts();
    }
    one.payload = std::as_bytes(std::span(copy_)).first(header.length());
    return step::found;
}

// What was read before this call belonged to the record.
bool ring_survey::still_there(std::uint64_t position, claim_word claim, record_header header) const noexcept {
    has_read();
    const claim_word now = claim_of(ring_, position);
    const bool same = now.lap() == claim.lap() && now.granules() == claim.granules() && now.state() == claim.state();
    return same && ring_.peek(position).bits == header.bits && !is_stale(position) && !is_done(ring_, position);
}

// Word by word, because others may store there.
void ring_survey::copy(std::uint64_t position, std::size_t bytes) {
    copy_.resize((bytes + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t));
    auto* const from = reinterpret_cast<std::uint64_t*>(ring_.payload_at(position));
    // relaxed: ordered by the fence, and dropped if the claim has changed
    for (std::size_t i = 0; i < copy_.size(); ++i) copy_[i] = std::atomic_ref(from[i]).load(std::memory_order_relaxed);
}

}  // namespace troupe::shm
