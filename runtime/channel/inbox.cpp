#include "channel/inbox.hpp"

#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"
#include "mail/batch.hpp"
#include "mail/parcel.hpp"

namespace troupe::channel {

void inbox::dismiss() noexcept {
    if (enrolled()) loop::event_loop::current().dismiss(*this);
}

bool inbox::open(const mail::envelope& from, detail::letter& into, std::uint32_t part) {
    const shm::record& record = from.record();
    into.from = this;
    into.position = record.position;
    into.payload = record.payload;
    into.bytes = record.bytes;
    into.kind = record.kind;
    into.part = static_cast<std::uint16_t>(part);
    into.frame = from.frame();
    into.block = 0;
    into.content = {};
    into.own = nullptr;
    if (!from.has_frame()) return false;
    of_.here().traffic().note_received(into.frame.cpu);
    if (part == 0) of_.here().chronicler().note_taken(into.frame, of_.id());
    of_.here().observation().note_taken(into.frame, of_.id(), into.position, into.bytes);
    if (from.is(mail::plain_record)) {
        into.content.bytes = from.body();
    } else if (from.is(mail::batch_record) && of_.kind() != shm::channel_kind::queue) {
        const auto content = mail::part_of_batch(from.body(), part);
        if (!content) return false;
        into.content.bytes = *content;
    } else if (const auto label = from.label()) {
        const auto content =
            mail::unpack_parcel(of_.memory(), *label, of_.ring().writer_of(record), of_.here().owner());
        if (!content) return false;
        into.block = label->block;
        into.content = *content;
    } else {
        return false;
    }
    into.content.flat = (into.frame.flags & detail::flat_message) != 0;
    if (into.content.handles.empty() || !mail::lacks_a_buffer(of_.memory(), into.content)) return true;
    const bool asks = into.frame.is_request() && of_.kind() == shm::channel_kind::mailbox;
    if (asks) of_.here().answer_incomplete(into);
    of_.drop_parcel(std::exchange(into.block, 0));
    return false;
}

// A frame names one of fifteen processes of a slot in turn, and an older one may be meant; the record's claim is
// disowned when its writer has died. It lies where the writers are busy, so it is asked about what was there at the
// last death alone: what came later is its writer's.
shm::owner_id inbox::writer_of(const detail::letter& taken) noexcept {
    if (judged_.notice()) judged_up_to_ = of_.ring().tail_position();
    if (shm::distance(judged_up_to_, taken.position) >= 0) return {taken.frame.writer};
    shm::record record;
    record.position = taken.position;
    return of_.ring().writer_of(record);
}

void inbox::drop_stale(const mail::envelope& stale) noexcept {
    const auto label = stale.label();
    if (!label) return;
    const shm::owner_id writer = of_.ring().writer_of(stale.record());
    if (mail::unpack_parcel(of_.memory(), *label, writer, of_.here().owner())) of_.drop_parcel(label->block);
}

// --- waiting -------------------------------------------------------------------------------------------------------

void inbox::wait(detail::receive_wait& one) {
    waiting_.append(one);
    loop::event_loop::current().enroll(*this);
}

void inbox::leave(detail::receive_wait& one) noexcept {
    waiting_.remove(one);
    if (!waiting_.empty()) return;
    loop::event_loop::current().dismiss(*this);
    if (!of_.is_kept()) of_.here().forget_if_idle(of_.id());
}

void inbox::describe(loop::wait_notes& into) const noexcept {
    const auto kind = of_.kind() == shm::channel_kind::queue  ? base::waiting_kind::queue
                      : of_.kind() == shm::channel_kind::pipe ? base::waiting_kind::pipe
                                                              : base::waiting_kind::mailbox;
    for (const detail::receive_wait* one = waiting_.first(); one != nullptr; one = one->next_waiting) {
        if (!into.add(*one, {.kind = kind, .type = one->only_type(), .of = of_.id().value})) return;
    }
}

void inbox::wake_all() noexcept {
    waiting_.for_each([](detail::receive_wait& one) { one.wake(); });
}

loop::parking inbox::parked_as(shm::sight seen) noexcept {
    switch (seen) {
    case shm::sight::empty: is_parked_ = true; return loop::parking::parked;
    case shm::sight::in_flight: look_due_ = true; return loop::parking::in_flight;
    case shm::sight::message:
    case shm::sight::ended:
    case shm::sight::corrupt: break;
    }
    look_due_ = true;
    return loop::parking::ready;
}

}  // namespace troupe::channel
