#include "shm/ring.hpp"

#include <algorithm>
#include <bit>
#include <new>

#include "base/check.hpp"
#include "base/step.hpp"

namespace troupe::shm {
namespace {

#if defined(__has_attribute) && __has_attribute(disable_sanitizer_instrumentation)
    #define TROUPE_UNSYNCHRONISED __attribute__((disable_sanitizer_instrumentation))
#else
    #define TROUPE_UNSYNCHRONISED __attribute__((no_sanitize("thread")))
#endif

// A record's first word when the record may be gone already: then these are bytes that a later writer stores without
// synchronising, and whoever asked finds out by a swap that fails. So this load is no race to report.
TROUPE_UNSYNCHRONISED std::uint64_t unsynchronised(const shared_word& word) noexcept {
    return __atomic_load_n(reinterpret_cast<const std::uint64_t*>(&word), __ATOMIC_ACQUIRE);
}

}  // namespace

bool ring::valid_granules(std::uint32_t granules) noexcept {
    return std::has_single_bit(granules) && granules >= least_granules && granules <= most_granules;
}

ring::ring(void* block, std::uint32_t granules, reader_mode mode) noexcept
    : header_(static_cast<ring_header*>(block)),
      claims_(reinterpret_cast<shared_word*>(static_cast<std::byte*>(block) + ring_header_bytes)),
      data_(reinterpret_cast<std::byte*>(claims_ + 2 * std::size_t{granules})),
      shift_(static_cast<std::uint32_t>(std::countr_zero(granules))),
      mode_(mode) {}

ring ring::format(void* zeroed, std::uint32_t granules, reader_mode mode) {
    TROUPE_CHECK(valid_granules(granules));
    TROUPE_CHECK(reinterpret_cast<std::uintptr_t>(zeroed) % alignof(ring_header) == 0);
    auto* header = new (zeroed) ring_header{};
    header->identity.magic = ring_magic;
    header->identity.version = ring_layout_version;
    header->identity.granules = granules;
    header->identity.mode = static_cast<std::uint32_t>(mode);
    return {zeroed, granules, mode};
}

std::optional<ring> ring::attach(void* block, std::size_t block_bytes) noexcept {
    if (block == nullptr || block_bytes < ring_header_bytes) return std::nullopt;
    if (reinterpret_cast<std::uintptr_t>(block) % alignof(ring_header) != 0) return std::nullopt;
    const auto& identity = static_cast<ring_header*>(block)->identity;
    const std::uint32_t granules = identity.granules;
    const auto mode = static_cast<reader_mode>(identity.mode);
    if (identity.magic != ring_magic || identity.version != ring_layout_version) return std::nullopt;
    if (!valid_granules(granules) || bytes(granules) > block_bytes) return std::nullopt;
    if (mode != reader_mode::one && mode != reader_mode::many) return std::nullopt;
    return ring(block, granules, mode);
}

std::uint32_t ring::size() const noexcept {
    for (;;) {
        // sync: head - observes a count not ahead of the tail
        const head_word passed{head().load(std::memory_order_acquire)};
        const tail_word claimed{tail().load(std::memory_order_acquire)};  // sync: tail - observes the claims
        // A head that has moved on since is not of that tail: more may lie between the two than there can be at a time.
        if (head_position() == passed.position()) return messages_between(passed, claimed);
    }
}

std::uint64_t ring::torn() const noexcept {
    return header_->identity.torn.load(std::memory_order_relaxed);  // relaxed: a number to show
}

bool ring::close() noexcept {
    // sync: ending - publishes the end to those who finish, before CLOSED is to be seen
    // crash: looked at needlessly, until the ring is closed
    header_->identity.ending.store(1, std::memory_order_seq_cst);
    // sync: closed - publishes the end to writers and readers; in one order with the claims
    // crash: closed, and nobody rung: the keeper rings all at a death
    const tail_word before{tail().fetch_or(tail_word::closed_bit, std::memory_order_seq_cst)};
    TROUPE_STEP("ring: closed");
    return before.parked();
}

void ring::reopen(reader_mode mode) noexcept {
    const std::uint64_t position = head_position();
    header_->identity.mode = static_cast<std::uint32_t>(mode);
    mode_ = mode;
    // relaxed: the tail below publishes these; crash: still closed, so nobody uses them
    header_->journal.reclaim.store(reclaim_word::make(position).bits, std::memory_order_relaxed);
    // relaxed: as above
    header_->sweeper.word.store(0, std::memory_order_relaxed);
    waiting_writers().clear();
    waiting_readers().clear();
    // sync: ending - publishes that finishing need not look for the end
    // crash: still closed
    header_->identity.ending.store(0, std::memory_order_seq_cst);
    // sync: closed - publishes the ring for its next use
    // crash: open, and not yet given to anybody
    tail().fetch_and(~(tail_word::closed_bit | tail_word::parked_bit), std::memory_order_seq_cst);
}

bool ring::at_rest() const noexcept {
    // sync: head - observes what was cleared before it
    const head_word head{header_->head.word.load(std::memory_order_acquire)};
    const tail_word tail{header_->tail.word.load(std::memory_order_acquire)};  // sync: tail - observes the claims
    const std::uint64_t position = tail.position();
    if (head.position() != position || head.messages() != tail.messages()) return false;
    // relaxed: nobody stores it now
    const std::uint64_t scrubbed = header_->journal.scrubbed.load(std::memory_order_relaxed);
    const std::int64_t since = distance(scrubbed, position);
    const std::uint64_t longest = default_scrub_interval(granules()) + granules();
    if (scrubbed > position_mask || since < 0 || static_cast<std::uint64_t>(since) > longest) return false;
    // What comes next; the rest would cost as much as using it, and memory it has not had yet.
    constexpr std::uint32_t looked_at = 64;
    for (std::uint32_t i = 0; i < std::min(looked_at, granules()); ++i) {
        const std::uint64_t at = position_after(position, i);
        // sync: claim - observes that it is of an older lap
        const claim_word claim{claim_at(at).load(std::memory_order_acquire)};
        // sync: mark - observes that it is of an older lap
        const mark_word mark{mark_at(at).load(std::memory_order_acquire)};
        if (laps_ahead(claim.lap(), at) >= 0 || laps_ahead(mark.lap(), at) >= 0 || peek(at).bits != 0) return false;
    }
    return true;
}

owner_id ring::writer_of(const record& r) const noexcept {
    // sync: claim - observes who claimed
    return claim_word{claim_at(r.position).load(std::memory_order_acquire)}.owner();
}

record_header ring::peek(std::uint64_t position) const noexcept { return {unsynchronised(record_at(position))}; }

bool ring::mend_tail(std::uint64_t up_to) const noexcept {
    for (;;) {
        const tail_word seen{tail().load(std::memory_order_acquire)};  // sync: tail - observes the claims before it
        if (distance(seen.position(), up_to) <= 0) return true;
        const claim_word claim{
            claim_at(seen.position()).load(std::memory_order_acquire)};  // sync: claim - observes size and lap
        if (credible(claim, seen.position())) {
            advance(seen.position(), claim);
        } else if (tail().load(std::memory_order_acquire) == seen.bits) {  // sync: tail - observes that it stood still
            return false;
        }
    }
}

bool ring::unclaimed_behind(tail_word tail, std::uint64_t position) const noexcept {
    if (distance(position, tail.position()) <= 0) return false;
    const claim_word claim{claim_at(position).load(std::memory_order_acquire)};  // sync: claim - observes its lap
    return laps_ahead(claim.lap(), position) < 0;
}

void ring::clear(std::uint64_t from, std::uint64_t to) const {
    for (std::uint64_t at = from; at != to; at = position_after(at, 1)) {
        // sync: commit - publishes to those who peek that the record was done before
        // crash: partly cleared, and cleared again by the next reader
        record_at(at).store(0, std::memory_order_release);
        TROUPE_STEP("ring: clearing");
    }
}

void ring::scrub(std::uint64_t position, std::uint64_t every) const {
    shared_word& last = header_->journal.scrubbed;
    // relaxed: only who may move the head stores it
    if (distance(last.load(std::memory_order_relaxed), position) < static_cast<std::int64_t>(every)) return;
    const std::uint64_t lap_before = (lap_of(position) - 1) & (position_mask >> shift_);
    for (std::size_t i = 0; i < 2 * std::size_t{granules()}; ++i) {
        std::uint64_t word = claims_[i].load(std::memory_order_relaxed);  // relaxed: only its lap is looked at
        if (laps_ahead(word >> 28, position) >= -1) continue;
        // relaxed: says nothing but that the word is old, as before; crash: scrubbed again
        claims_[i].compare_exchange_strong(word, claim_word::make(lap_before, 0, claim_state::none, {}).bits,
                                           std::memory_order_relaxed);
        TROUPE_STEP("ring: scrubbing");
    }
    last.store(position, std::memory_order_relaxed);  // relaxed: as above; crash: scrubbed again
}

ring::cursor ring::begin() const noexcept {
    for (;;) {
        const std::uint64_t head = head_position(), tail = tail_position();
        const std::int64_t used = distance(head, tail);
        if (used >= 0 && used <= granules()) return {head, tail};
        if (head_position() == head) return {position_after(tail, 1), tail};  // damaged: whoever reads it finds out
    }  // otherwise it went round between the two looks
}

bool ring::next_claim(cursor& at, std::uint64_t& position, claim_word& claim) const noexcept {
    while (distance(at.position, at.last) >= 0) {
        position = at.position;
        // sync: claim - observes size, lap and owner
        claim = {claim_at(position).load(std::memory_order_acquire)};
        if (!credible(claim, position)) {
            at.position = head_position();  // read past meanwhile, and perhaps claimed anew
            if (distance(position, at.position) <= 0) return false;
            continue;
        }
        at.position = position_after(position, claim.granules());
        if (claim.state() != claim_state::pad) return true;
    }
    return false;
}

bool ring::walk_next(cursor& at, record& seen) const noexcept {
    std::uint64_t position = 0;
    claim_word claim;
    while (next_claim(at, position, claim)) {
        const mark_word mark{
            mark_at(position).load(std::memory_order_acquire)};  // sync: mark - observes that it is done
        if (mark.lap() == lap_of(position) && mark.state() == mark_state::done) continue;
        const record_header header = peek(position);
        if (!header.credible(position, most_payload()) || header.is_void()) continue;
        if (granules_of(header.length()) != claim.granules()) continue;
        seen = {position, payload_at(position), header.length(), header.kind()};
        return true;
    }
    return false;
}

bool ring::disown_next(cursor& at, owner_id dead, record& seen) const noexcept {
    std::uint64_t position = 0;
    claim_word claim;
    while (next_claim(at, position, claim)) {
        const mark_word mark{
            mark_at(position).load(std::memory_order_acquire)};  // sync: mark - observes who has taken it
        const bool marked = mark.lap() == lap_of(position);
        // Whoever has taken it now may have done so after the dead one, and not have its parcel yet.
        const bool taken = marked && mark.state() == mark_state::taken;
        if ((marked && mark.state() == mark_state::done) || (claim.owner() != dead && !taken)) continue;
        const record_header header = peek(position);
        const bool whole = header.credible(position, most_payload()) && !header.is_void() &&
                           granules_of(header.length()) == claim.granules();
        seen = {position, whole ? payload_at(position) : nullptr, header.length(), header.kind()};
        return true;
    }
    return false;
}

// Late swaps fail: both words hold the lap, and a mark how often it was given back, since the same record may be taken
// again by a process with the same id.
void ring::let_go(owner_id dead, std::uint64_t position) const noexcept {
    claim_word claim{claim_at(position).load(std::memory_order_acquire)};  // sync: claim - observes its owner
    if (claim.owner() == dead && claim.lap() == lap_of(position)) {
        const auto of_nobody = claim_word::make(claim.lap(), claim.granules(), claim.state(), dead.disowned());
        // sync: claim - publishes that its owner is dead, whoever has its id
        claim_at(position).compare_exchange_strong(claim.bits, of_nobody.bits, std::memory_order_acq_rel,
                                                   std::memory_order_relaxed);  // relaxed: not looked at
    }
    TROUPE_STEP("ring: claim disowned");
    mark_word mark{mark_at(position).load(std::memory_order_acquire)};  // sync: mark - observes who has taken it
    if (mark.owner() != dead || mark.lap() != lap_of(position) || mark.state() != mark_state::taken) return;
    const auto available = mark_word::make(mark.lap(), mark_state::available, {}, mark.parts() + 1);
    // sync: mark - publishes that it is available, as it was since its holder is dead
    mark_at(position).compare_exchange_strong(mark.bits, available.bits, std::memory_order_acq_rel,
                                              std::memory_order_relaxed);  // relaxed: another has it
}

std::uint64_t default_scrub_interval(std::uint32_t granules) noexcept {
    return std::min(std::uint64_t{granules} << 24, std::uint64_t{1} << 41);
}

}  // namespace troupe::shm
