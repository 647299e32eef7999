#include "supervise/dead_letters.hpp"

#include <troupe/detail/birth.hpp>

#include "base/step.hpp"
#include "mail/envelope.hpp"
#include "mail/parcel.hpp"
#include "shm/ring_reader.hpp"

namespace troupe::supervise {
namespace {

// The claim names nobody when the sender has ended. Then its slot may have another actor by now; it is still the
// sender's while the last process that had it has the number that is in the frame, and has ended.
std::string sender_of(const shm::program_memory& memory, const shm::ring& ring, const shm::record& found,
                      shm::owner_id in_frame) {
    const std::uint16_t slot = ring.writer_of(found).slot();
    const detail::actor_id there = memory.process(slot).actor();
    std::string name = memory.processes().name_of(there);
    if (!ring.writer_of(found).nobody()) return name;
    const bool same =
        memory.processes().owner(slot) == in_frame && shm::has_ended(memory.process(slot).present().state);
    return same ? name : std::string();
}

}  // namespace

std::optional<dead_letter> set_aside(actors::own_process& here, detail::actor_id actor) {
    shm::program_memory& memory = here.memory();
    shm::process_slot& slot = memory.process(actor.slot());
    // Its process is dead.
    const std::uint64_t place = slot.handling.delivery.place();
    const std::uint32_t deliveries = slot.handling.delivery.count();
    if (place == 0 || deliveries < slot.supervision.deliveries.get()) return std::nullopt;
    const auto mailbox = slot.who.mailbox.index();
    if (!mailbox) return std::nullopt;

    dead_letter letter;
    shm::ring ring = memory.channels().ring_of(memory.channel(*mailbox));
    shm::ring_reader reader(ring, memory.processes().owners());
    if (!reader.recover()) return std::nullopt;  // damaged: the next reader finds out
    shm::record found;
    shm::sight seen = reader.look(found);
    while (seen == shm::sight::message && found.position + 1 != place) {
        seen = reader.look_after(shm::record(found), found);
    }
    const mail::envelope message(found);
    if (seen != shm::sight::message || !message.has_frame()) return std::nullopt;

    const detail::message_frame& frame = message.frame();
    letter.actor = memory.processes().name_of(actor);
    letter.sender = sender_of(memory, ring, found, shm::owner_id{frame.writer});
    if (const auto* entry = detail::registration::find(slot.who.entry.get())) {
        letter.type = entry->message_name(frame.type);
    }
    letter.deliveries = deliveries;
    letter.cause = to_string(memory.ends().last_of(actor));
    letter.flat = (frame.flags & detail::flat_message) != 0;
    std::span<const std::byte> bytes = message.body();
    shm::block_id parcel;
    if (const auto label = message.label()) {
        const auto content = mail::unpack_parcel(memory, *label, ring.writer_of(found), here.participant().owner());
        bytes = content ? content->bytes : std::span<const std::byte>();
        if (content) parcel = {label->block};
    }
    const auto* first = reinterpret_cast<const unsigned char*>(bytes.data());
    letter.content.assign(first, first + bytes.size());
    TROUPE_STEP("supervisor: letter set aside");
    reader.consume(found);
    slot.handling.delivery.forget();
    if (parcel) {
        mail::discard_parcel(memory, parcel, [&here](shm::channel_id held) {
            here.tell_keeper({.word = keepers::keeper_word::look_at, .subject = held.value});
        });
    }
    if (reader.flush()) here.participant().notify_all(ring.waiting_writers());
    return letter;
}

}  // namespace troupe::supervise
