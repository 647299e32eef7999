#include "keeper/replies_for_dead.hpp"

#include <cstring>

#include <troupe/detail/reply_kind.hpp>

#include "base/step.hpp"
#include "mail/envelope.hpp"
#include "shm/ring_writer.hpp"

namespace troupe::keepers {

bool delivered_again(const shm::process_slot& process) noexcept {
    const shm::delivery_note& last = process.handling.delivery;
    return last.place() != 0 && last.count() < process.supervision.deliveries.get();
}

bool tell_asker(shm::program_memory& memory, std::uint16_t dead, detail::actor_id asker,
                std::uint64_t request) noexcept {
    const shm::process_slot& slot = memory.process(asker.slot());
    // One that is down has no lane for replies any more.
    const auto state = slot.state_of(asker);
    if (!asker || !state || shm::has_ended(*state)) return false;
    if (slot.incarnation.get() != static_cast<std::uint32_t>(request)) return false;
    const auto lane = slot.activity.replies.index();
    if (!lane) return false;
    const detail::message_frame frame{.type = detail::reply_died,
                                      .flags = detail::flat_message,
                                      .request = static_cast<std::uint32_t>(request >> 32),
                                      .target = static_cast<std::uint32_t>(asker.serial())};
    const std::uint64_t end = memory.process(dead).ending.word.get();
    const auto ring = memory.channels().find_ring(memory.channel(*lane));
    if (!ring) return false;  // the asker's ring is damaged: it finds out by itself
    shm::ring_writer writer(*ring, memory.processes().owner(shm::keeper_slot));
    shm::claim claim;
    const std::uint32_t bytes = mail::bytes_with_frame(sizeof end);
    if (writer.try_claim(bytes, shm::most_messages, claim) != shm::room::claimed) return false;
    std::memcpy(mail::write_frame(claim, frame), &end, sizeof end);
    static_cast<void>(claim.commit(mail::plain_record));
    TROUPE_STEP("keeper: asker told");
    return true;
}

}  // namespace troupe::keepers
