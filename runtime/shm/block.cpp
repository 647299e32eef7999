#include "shm/block.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include <troupe/error.hpp>

#include "base/check.hpp"
#include "base/step.hpp"
#include "shm/program_layout.hpp"

namespace troupe::shm {
namespace {

constexpr std::size_t kept_bytes = std::size_t{256} << 20;  // of each size: freed blocks below it keep their pages

std::string in_mib(std::size_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

std::atomic<std::uint64_t>& block_store::state(std::uint32_t size_class, std::uint32_t index) const {
    slice& one = reinterpret_cast<slice*>(memory_->base() + map_.slices)[index / blocks_a_slice];
    return one.blocks[size_class][index % blocks_a_slice];
}

std::byte* block_store::at(block_id id) const {
    return memory_->base() + map_.classes[id.size_class()].offset(id.index());
}

std::size_t block_store::bytes(block_id id) const { return map_.classes[id.size_class()].bytes; }

bool block_store::valid(block_id id) const {
    return id && id.size_class() < block_classes && id.index() < map_.classes[id.size_class()].count;
}

std::size_t block_store::backed_bytes() const {
    std::size_t sum = 0;
    for (std::uint32_t c = 0; c < block_classes; ++c) {
        const std::uint32_t reached = used(c);
        for (std::uint32_t i = 0; i < reached; ++i) {
            // relaxed: a sum for a limit, taken while others take and free
            if (state(c, i).load(std::memory_order_relaxed) != 0) sum += map_.classes[c].bytes;
        }
    }
    return sum;
}

std::optional<block_id> block_store::take_in(std::uint32_t size_class, owner_id owner) {
    const block_class& c = map_.classes[size_class];
    for (std::uint32_t i = 0; i < c.count; ++i) {
        std::atomic<std::uint64_t>& word = state(size_class, i);
        if (i >= reached_[size_class].get()) {
            // The state words are pages like any other.
            const auto words = static_cast<std::size_t>(reinterpret_cast<std::byte*>(&word) - memory_->base());
            if (i % blocks_a_slice == 0 && !memory_->back(words / page_bytes * page_bytes, page_bytes))
                return std::nullopt;
        }
        std::uint64_t seen = word.load(std::memory_order_acquire);  // sync: block - observes its last change
        if (state_of(seen) != block_state::free) continue;
        const bool backed = (seen & backed_bit) != 0;
        if (!backed && backed_bytes() + c.bytes > map_.budget) {
            drop_kept_pages(owner);
            if (backed_bytes() + c.bytes > map_.budget) return std::nullopt;
        }
        // `reached` first: a block that is taken is always below it.
        reached_[size_class].raise(i + 1);
        const std::uint64_t mine = pack(block_state::owned, owner);
        // crash: owned, and maybe without pages, which the word says; the keeper frees it
        // sync: block - publishes the owner
        if (!word.compare_exchange_strong(seen, backed ? mine : mine & ~backed_bit, std::memory_order_acq_rel))
            continue;
        // sync: listed - publishes what was done with the block before, to whoever reads what its taker writes
        std::atomic_thread_fence(std::memory_order_release);
        TROUPE_STEP("block: taken");
        if (backed) return block_id::make(size_class, i);
        if (!memory_->back(c.offset(i), c.bytes)) {
            word.store(0, std::memory_order_release);  // sync: block - publishes that it is free; crash: free
            return std::nullopt;
        }
        TROUPE_STEP("block: backed");
        word.store(mine, std::memory_order_release);  // sync: block - publishes that it has pages; crash: as before
        return block_id::make(size_class, i);
    }
    return std::nullopt;
}

// Free blocks keep their pages for the next of their size; when memory runs short for another size, they do not.
void block_store::drop_kept_pages(owner_id owner) {
    for (std::uint32_t c = 0; c < message_classes; ++c) {
        const std::uint32_t reached = reached_[c].get();
        for (std::uint32_t i = 0; i < reached; ++i) {
            std::uint64_t free_with_pages = backed_bit;
            const std::uint64_t mine_without = pack(block_state::owned, owner) & ~backed_bit;
            // crash: owned by a dead process, and without pages; the keeper frees it
            // sync: block - publishes the owner
            if (!state(c, i).compare_exchange_strong(free_with_pages, mine_without, std::memory_order_acq_rel)) {
                continue;
            }
            const block_class& size = map_.classes[c];
            memory_->drop(size.offset(i), size.bytes);
            state(c, i).store(0, std::memory_order_release);  // sync: block - publishes that it is free
        }
    }
}

std::string block_store::usage() const {
    return "(" + in_mib(backed_bytes()) + " of " + in_mib(map_.budget) + " in use" +
           (map_.halvings == 0 ? ")" : ", where a limit of address space or of file sizes leaves little of each size)");
}

block_id block_store::take(std::size_t bytes, owner_id owner) {
    const unsigned bits = std::max<unsigned>(smallest_block_bits, static_cast<unsigned>(std::bit_width(bytes - 1)));
    // When all blocks of the right size are taken, one of the next does as well; narrow windows are sooner empty.
    for (unsigned b = bits; b <= std::min(bits + 1 + map_.halvings, largest_block_bits); ++b) {
        if (const auto id = take_in(b - smallest_block_bits, owner)) return *id;
    }
    throw out_of_memory("no room for " + std::to_string(bytes) + " bytes in the program's shared memory " + usage() +
                        "; raise run_options::memory, or let receivers catch up");
}

std::optional<block_id> block_store::try_take(std::size_t bytes, owner_id owner) noexcept {
    const unsigned bits = std::max<unsigned>(smallest_block_bits, static_cast<unsigned>(std::bit_width(bytes - 1)));
    const std::uint32_t size_class = bits - smallest_block_bits;
    if (backed_bytes() + map_.classes[size_class].bytes > map_.budget / 2) return std::nullopt;
    return take_in(size_class, owner);
}

block_id block_store::take_ring(unsigned granule_bits, owner_id owner) {
    TROUPE_CHECK(granule_bits >= smallest_ring_bits && granule_bits <= largest_ring_bits);
    if (const auto id = take_in(message_classes + granule_bits - smallest_ring_bits, owner)) return *id;
    throw out_of_memory("no room for a ring of " + in_mib(std::size_t{granule_bytes} << granule_bits) +
                        " in the program's shared memory " + usage() +
                        "; ask for a smaller mailbox or queue, or raise run_options::memory");
}

void block_store::send(block_id id, owner_id from) {
    std::uint64_t expected = pack(block_state::owned, from);
    // A failure means that a reader has received it already.
    // sync: block - publishes that its sender has let go
    state(id.size_class(), id.index())
        .compare_exchange_strong(expected, pack(block_state::travelling, owner_id{}), std::memory_order_acq_rel);
}

bool block_store::receive(block_id id, owner_id from, owner_id to, liveness who) {
    std::atomic<std::uint64_t>& word = state(id.size_class(), id.index());
    std::uint64_t seen = word.load(std::memory_order_acquire);  // sync: block - observes its last change
    for (;;) {
        const bool there = state_of(seen) == block_state::travelling ||
                           (state_of(seen) == block_state::owned &&
                            (owner_of(seen) == from || owner_of(seen) == to || who.is_dead(owner_of(seen))));
        if (!there) return false;
        // sync: block - publishes the new owner
        if (word.compare_exchange_weak(seen, pack(block_state::owned, to), std::memory_order_acq_rel)) return true;
    }
}

bool block_store::withdraw(block_id id, owner_id owner) {
    std::uint64_t expected = pack(block_state::owned, owner);
    // crash: the dead one's; the keeper frees it
    // sync: block - publishes that nobody receives it any more
    return state(id.size_class(), id.index())
        .compare_exchange_strong(expected, pack(block_state::withdrawn, owner), std::memory_order_acq_rel);
}

bool block_store::hand_back(block_id id, owner_id from, owner_id home) {
    std::uint64_t expected = pack(block_state::owned, from);
    // crash: before, the dead one's, and the keeper hands it back; after, its home's
    // sync: block - publishes what was written in it, to its home
    return state(id.size_class(), id.index())
        .compare_exchange_strong(expected, pack(block_state::withdrawn, home), std::memory_order_acq_rel);
}

bool block_store::is_withdrawn_by(block_id id, owner_id owner) const {
    // sync: block - observes what was written in it
    return state(id.size_class(), id.index()).load(std::memory_order_acquire) == pack(block_state::withdrawn, owner);
}

bool block_store::inherit(block_id id, owner_id dead, owner_id heir) {
    std::atomic<std::uint64_t>& word = state(id.size_class(), id.index());
    std::uint64_t seen = word.load(std::memory_order_acquire);  // sync: block - observes its last change
    const bool has_owner = state_of(seen) == block_state::owned || state_of(seen) == block_state::withdrawn;
    if (!has_owner || owner_of(seen) != dead) return false;
    // Whether it has pages, its taker may not have lived to see to.
    const std::uint64_t inherited = (pack(block_state::owned, heir) & ~backed_bit) | (seen & backed_bit);
    // sync: block - publishes the new owner
    return word.compare_exchange_strong(seen, inherited, std::memory_order_acq_rel);
}

void block_store::release(block_id id, pages then) {
    const block_class& c = map_.classes[id.size_class()];
    const bool is_ring = id.size_class() >= message_classes;
    std::atomic<std::uint64_t>& word = state(id.size_class(), id.index());
    // sync: block - observes whether its taker lived to give it pages
    const bool backed = (word.load(std::memory_order_acquire) & backed_bit) != 0;
    const bool keep =
        backed && then == pages::kept && (is_ring || (std::size_t{id.index()} + 1) * c.bytes <= kept_bytes);
    if (!keep) memory_->drop(c.offset(id.index()), c.bytes);
    TROUPE_STEP("block: released");
    // crash: before, its owner still has it; after, it is free
    // sync: block - publishes that it is free
    word.store(keep ? backed_bit : 0, std::memory_order_release);
}

bool block_store::belongs_to(block_id id, owner_id owner) const {
    // sync: block - observes its last change
    return state(id.size_class(), id.index()).load(std::memory_order_acquire) == pack(block_state::owned, owner);
}

bool block_store::goes_with(block_id id, block_id other, liveness who) const {
    // sync: block - observes its last change
    const std::uint64_t word = state(id.size_class(), id.index()).load(std::memory_order_acquire);
    // sync: block - observes its last change
    const std::uint64_t its = state(other.size_class(), other.index()).load(std::memory_order_acquire);
    return state_of(word) == block_state::travelling ||
           (state_of(word) == block_state::owned && (owner_of(word) == owner_of(its) || who.is_dead(owner_of(word))));
}

bool block_store::is_free(block_id id) const {
    // sync: block - observes its last change
    return state_of(state(id.size_class(), id.index()).load(std::memory_order_acquire)) == block_state::free;
}

}  // namespace troupe::shm
