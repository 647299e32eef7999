#include "keeper/replies_for_dead.hpp"

#include <cstring>

#include <troupe/detail/reply_kind.hpp>

#include "base/step.hpp"
#include "mail/envelope.hpp"
#include "shm/ring_writer.hpp"

namespace troupe::actors {

bool delivered_again(const shm::process_slot& process) noexcept {
    // sync: in hand - observes how often it was delivered
    return process.handling_place.load(std::memory_order_acquire) != 0 &&
           // relaxed, both: written by a process that is dead, or by whoever asks
           process.handling_deliveries.load(std::memory_order_relaxed) <
               process.deliveries.load(std::memory_order_relaxed);
}

bool tell_asker(shm::program_memory& memory, std::uint16_t dead, std::uint64_t asker, std::uint64_t request) noexcept {
    const detail::actor_id to{asker};
    const shm::process_slot& slot = memory.process(to.slot());
    // One that is down has no lane for replies any more.
    const auto state = slot.state_of(to);
    if (!to || !state || shm::has_ended(*state)) return false;
    // sync: incarnation - observes the start of a later one
    if (slot.incarnation.load(std::memory_order_acquire) != static_cast<std::uint32_t>(request)) return false;
    const std::uint32_t index = slot.replies.load(std::memory_order_acquire);  // sync: replies - observes the ring
    if (index == 0) return false;
    const detail::message_frame frame{.type = detail::reply_died,
                                      .flags = detail::flat_message,
                                      .request = static_cast<std::uint32_t>(request >> 32),
                                      .target = static_cast<std::uint32_t>(to.serial())};
    // sync: end text - observes how it ended
    const std::uint64_t ending = memory.process(dead).ending.load(std::memory_order_acquire);
    const auto ring = memory.find_ring(memory.channel(static_cast<std::uint16_t>(index - 1)));
    if (!ring) return false;  // the asker's ring is damaged: it finds out by itself
    shm::ring_writer writer(*ring, memory.owner(shm::keeper_slot));
    shm::claim claim;
    const std::uint32_t bytes = mail::bytes_with_frame(sizeof ending);
    if (writer.try_claim(bytes, shm::most_messages, claim) != shm::room::claimed) return false;
    std::memcpy(mail::write_frame(claim, frame), &ending, sizeof ending);
    static_cast<void>(claim.commit(mail::plain_record));
    TROUPE_STEP("keeper: asker told");
    return true;
}

}  // namespace troupe::actors
