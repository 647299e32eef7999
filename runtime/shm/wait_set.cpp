#include "shm/wait_set.hpp"

namespace troupe::shm {

std::uint64_t wait_set::load(std::uint32_t word) const noexcept {
    // sync: waiting - observes the bits of all who went to sleep before the change the caller has just made
    return bits_[word].load(std::memory_order_seq_cst);
}

void wait_set::add(std::uint32_t slot) noexcept {
    slot %= most_processes;
    // sync: waiting - publishes the wish before the look at the ring that follows it
    // crash: the bit stays; the keeper removes it
    bits_[slot / 64].fetch_or(std::uint64_t{1} << slot % 64, std::memory_order_seq_cst);
}

void wait_set::remove(std::uint32_t slot) noexcept {
    slot %= most_processes;
    // sync: waiting - publishes that the process is awake
    // crash: nothing is owed to a process that is dead
    bits_[slot / 64].fetch_and(~(std::uint64_t{1} << slot % 64), std::memory_order_seq_cst);
}

void wait_set::clear() noexcept {
    // relaxed: published with the ring; crash: the ring is not in use
    for (auto& word : bits_) word.store(0, std::memory_order_relaxed);
}

bool wait_set::contains(std::uint32_t slot) const noexcept {
    slot %= most_processes;
    return (load(slot / 64) >> slot % 64 & 1) != 0;
}

bool wait_set::empty() const noexcept {
    for (std::uint32_t word = 0; word < words; ++word)
        if (load(word) != 0) return false;
    return true;
}

std::uint32_t wait_set::count_below(std::uint32_t slot, std::uint32_t enough) const noexcept {
    std::uint32_t count = 0;
    for (std::uint32_t word = 0; word * 64 < slot && count < enough; ++word) {
        // relaxed: a guess
        count += static_cast<std::uint32_t>(std::popcount(bits_[word].load(std::memory_order_relaxed)));
    }
    return count;
}

std::optional<std::uint32_t> wait_set::next_after(std::uint32_t slot) const noexcept {
    // Between what was committed and the choice: whoever is chosen and awake already finds it when it looks.
    // sync: handed on - observes who is awake
    std::atomic_thread_fence(std::memory_order_seq_cst);
    slot %= most_processes;
    const std::uint32_t first = slot / 64;
    const std::uint64_t behind = ~std::uint64_t{0} << slot % 64 << 1;
    // The first word is looked at twice: at its bits behind the slot, and last of all at the others.
    for (std::uint32_t step = 0; step <= words; ++step) {
        const std::uint32_t word = (first + step) % words;
        std::uint64_t bits = load(word);
        if (step == 0) bits &= behind;
        if (step == words) bits &= ~behind;
        if (bits != 0) return word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
    }
    return std::nullopt;
}

}  // namespace troupe::shm
