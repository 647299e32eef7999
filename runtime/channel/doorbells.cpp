#include "channel/doorbells.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace troupe::channel {

void doorbells::ring(std::uint16_t slot) noexcept {
    if (slot >= memory_.processes().reached()) return;  // a bit that a damaged ring has
    // sync: bell - publishes what was changed before, to whoever hears the doorbell
    std::atomic_thread_fence(std::memory_order_seq_cst);
    shm::process_slot& other = memory_.process(slot);
    // Ordered by the fence; a process that begins has one too, so where an old one is read here, the new process sees
    // what was changed.
    const std::uint32_t incarnation = other.incarnation.known();
    const std::uint64_t epoch = other.activity.epoch.get();
    if (memory_.header().deaths.get() != deaths_swept_ && all_.find(slot) == all_.end()) close_dead();
    bell& known = all_[slot];
    if (known.incarnation != incarnation) {
        known.fd.reset();
        known.incarnation = incarnation;
        known.rung = never;
    }
    if (known.rung == epoch) return;
    if (!known.fd) known.fd = keeper_.doorbell_of(slot);
    if (!known.fd) {
        // No descriptor is left for it here, or none to ask with; the keeper has them all.
        keeper_.notify(slot);
        known.rung = epoch;
        return;
    }
    note_awake(slot, other);
    const std::uint64_t one = 1;
    if (write(known.fd.get(), &one, sizeof one) == sizeof one || errno == EAGAIN) known.rung = epoch;
}

// It is awake from now on, though it may not have had a CPU yet: whoever thinks of spinning is to know. It takes the
// bit off before its next sleep. Where it has died, the keeper took it off before this, or does it after this.
void doorbells::note_awake(std::uint16_t slot, const shm::process_slot& other) noexcept {
    shm::wait_set& awake = memory_.header().awake;
    awake.add(slot);
    if (shm::has_ended(other.present().state)) awake.remove(slot);
}

// A process that serves many that come and go holds the doorbells of those that live. They are looked at when several
// have died for each that is held, so that a death costs a few looks however many there are.
void doorbells::close_dead() noexcept {
    const std::uint64_t deaths = memory_.header().deaths.get();
    constexpr std::uint64_t looks_a_death = 8;
    if (deaths == deaths_swept_ || (deaths - deaths_swept_) * looks_a_death < all_.size()) return;
    deaths_swept_ = deaths;
    std::erase_if(all_, [this](const auto& one) {
        const shm::process_slot& other = memory_.process(one.first);
        const bool same = other.incarnation.get() == one.second.incarnation;
        return !same || shm::has_ended(other.present().state);
    });
}

void doorbells::know(std::uint16_t slot, std::uint32_t incarnation, base::owned_fd doorbell) {
    bell& known = all_[slot];
    known.incarnation = incarnation;
    known.rung = never;
    known.fd = std::move(doorbell);
}

}  // namespace troupe::channel
