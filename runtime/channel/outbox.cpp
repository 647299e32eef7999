#include "channel/outbox.hpp"

#include <sched.h>

#include <algorithm>
#include <cstring>
#include <string>

#include <troupe/detail/reply_kind.hpp>
#include <troupe/detail/send_wait.hpp>
#include <troupe/error.hpp>

#include "base/step.hpp"
#include "channel/own_files.hpp"
#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"
#include "mail/parcel.hpp"

namespace troupe::channel {
namespace {

// Copied between claim and commit at most: a stopped writer holds up others no longer than this takes.
constexpr std::uint32_t inline_limit = 4096 - sizeof(detail::message_frame);
constexpr std::uint32_t queue_item_limit =
    queue_item_granules * shm::granule_bytes - shm::record_header_bytes - sizeof(detail::message_frame);

bool has_one_reader(shm::channel_kind kind) noexcept { return kind != shm::channel_kind::queue; }

// Where the body goes, behind the frame.
std::byte* body_in(const shm::claim& claim) noexcept { return claim.payload() + sizeof(detail::message_frame); }

std::uint8_t this_cpu() noexcept { return static_cast<std::uint8_t>(sched_getcpu()); }

}  // namespace

outbox::outbox(attachment& of) : of_(of), writer_(of.ring(), of.here().owner()), deaths_(of.memory().header()) {
    if (of.record().reader.get() == of.here().slot()) writer_.never_give_way();
}

outbox::~outbox() {
    if (enrolled()) loop::event_loop::current().dismiss(*this);
}

// --- sending -------------------------------------------------------------------------------------------------------

bool outbox::prepare() noexcept {
    if (target_ && !of_.memory().processes().is_alive(target_)) return false;
    of_.announce();
    of_.here().traffic().note_sent();
    writer_.set_streaming(of_.here().traffic().streams());
    // Taken before the try: a head that moves during it is seen as a change afterwards.
    if (!waiting_.empty()) head_before_ = of_.ring().head_position();
    return true;
}

detail::message_frame outbox::stamped(const detail::message_frame& frame, bool flat) const noexcept {
    detail::message_frame stamped = frame;
    stamped.cpu = this_cpu();
    stamped.writer = of_.here().owner().value;
    if (flat) stamped.flags |= detail::flat_message;
    if (stamped.request == 0) {
        stamped.request = static_cast<std::uint32_t>(detail::ready.turn());
        stamped.flags |= detail::timed;
        of_.here().observation().stamp(stamped);
    }
    stamped.target = static_cast<std::uint32_t>(target_ ? target_.serial() : of_.id().generation());
    return stamped;
}

detail::push_result outbox::push(const detail::message_frame& frame, detail::outgoing& message, std::uint64_t& parcel) {
    if (!prepare()) return detail::push_result::closed;
    const std::uint32_t most = of_.kind() == shm::channel_kind::replies ? detail::inline_reply_bytes
                               : of_.kind() == shm::channel_kind::queue ? queue_item_limit
                                                                        : inline_limit;
    const std::uint32_t limit = std::min(most, of_.ring().most_payload() - static_cast<std::uint32_t>(sizeof frame));
    const detail::message_frame whole = stamped(frame, message.flat);
    // An earlier try may have packed it, and taken its handles along.
    const bool is_small = parcel == 0 && message.handles.empty() && message.bytes.size() <= limit;
    return is_small ? push_inline(whole, message.bytes) : push_beside(whole, message, parcel);
}

detail::push_result outbox::push_parcel(const detail::message_frame& frame, std::uint64_t& parcel) {
    if (!prepare()) return detail::push_result::closed;
    detail::outgoing packed;
    return push_beside(stamped(frame, false), packed, parcel);
}

detail::push_result outbox::push_flat(const detail::message_frame& frame, std::span<const std::byte> bytes) {
    static_assert(detail::send_wait::most_kept <= queue_item_limit && detail::send_wait::most_kept <= inline_limit);
    if (!prepare()) return detail::push_result::closed;
    return push_inline(stamped(frame, true), bytes);
}

// Of a batch with its label; 0 where none may be sent.
std::size_t outbox::batch_limit() const noexcept {
    if (!has_one_reader(of_.kind())) return 0;
    if (target_ && of_.memory().process(target_.slot()).supervision.deliveries.get() > 1) return 0;
    return std::min(inline_limit, of_.ring().most_payload() - std::uint32_t{sizeof(detail::message_frame)});
}

bool outbox::fits_batch(const detail::outgoing& message, std::size_t others, std::size_t their_bytes) const noexcept {
    return message.handles.empty() &&
           mail::batch_bytes(others + 1, their_bytes + message.bytes.size()) <= batch_limit();
}

detail::push_result outbox::push_batch(const detail::message_frame& frame, const detail::outgoing& batch,
                                       std::span<const std::uint16_t> ends) {
    if (!prepare()) return detail::push_result::closed;
    const detail::message_frame whole = stamped(frame, batch.flat);
    return ends.size() == 1 ? push_inline(whole, batch.bytes) : commit_batch(whole, {batch.bytes, ends});
}

std::size_t outbox::most_in_row(std::size_t size) const noexcept {
    const std::size_t limit = batch_limit();
    if (size == 0 || limit < size) return 0;
    return std::clamp((limit - sizeof(mail::batch_label)) / size, std::size_t{1}, mail::most_in_batch);
}

detail::push_result outbox::push_row(const detail::message_frame& frame, std::span<const std::byte> messages,
                                     std::size_t size) {
    if (!prepare()) return detail::push_result::closed;
    const detail::message_frame whole = stamped(frame, true);
    return messages.size() == size ? push_inline(whole, messages) : commit_batch(whole, {messages, size});
}

detail::push_result outbox::commit_batch(const detail::message_frame& frame, const mail::unwritten_batch& batch) {
    shm::claim claim;
    const detail::push_result result = claim_for(frame, batch.length(), claim);
    if (result != detail::push_result::sent) return result;
    batch.write(body_in(claim));
    notify(commit(claim, mail::batch_record, frame));
    return detail::push_result::sent;
}

detail::push_result outbox::no_room() noexcept {
    head_when_full_ = head_before_;
    return detail::push_result::full;
}

// Claims a record for a frame and so many bytes, and writes the frame. Sent: claimed, to be filled and committed.
detail::push_result outbox::claim_for(const detail::message_frame& frame, std::size_t bytes, shm::claim& claim) {
    // How many the channel may hold; 0 when it was given up since, and its record is being made into another.
    const auto most = static_cast<std::uint32_t>(of_.record().capacity.get());
    if (most == 0 || of_.record().name() != of_.id()) return detail::push_result::closed;
    const shm::room found = writer_.try_claim(mail::bytes_with_frame(bytes), most, claim);
    if (found == shm::room::full && writer_.gave_way()) gave_way_ = true;
    switch (found) {
    case shm::room::claimed: break;
    case shm::room::full: return no_room();
    case shm::room::closed: return detail::push_result::closed;
    case shm::room::corrupt: throw corrupt("the ring of this " + std::string(of_.noun()) + " is damaged");
    }
    mail::write_frame(claim, frame);
    return detail::push_result::sent;
}

// Returns whether the reader is to be notified. Every record that this process sends comes by here.
bool outbox::commit(shm::claim& claim, mail::record_kind kind, const detail::message_frame& frame) {
    const bool needed = claim.commit(kind);
    of_.here().chronicler().note_sent(frame, of_.id());
    of_.here().observation().note_sent(frame, of_.id(), claim.position(), claim.bytes());
    return needed;
}

detail::push_result outbox::push_inline(const detail::message_frame& frame, std::span<const std::byte> bytes) {
    shm::claim claim;
    const detail::push_result result = claim_for(frame, bytes.size(), claim);
    if (result != detail::push_result::sent) return result;
    if (!bytes.empty()) std::memcpy(body_in(claim), bytes.data(), bytes.size());
    notify(commit(claim, mail::plain_record, frame));
    return detail::push_result::sent;
}

// Whether so many more bytes may lie beside the ring; a message that is larger than the bound goes alone. The ring is
// walked when others have sent since this port did, or when all that it knows of would be too much.
bool outbox::room_beside(std::uint64_t bytes) {
    const std::uint64_t most = of_.record().bytes.get();
    const std::uint64_t tail = of_.ring().tail_position();
    if (tail == beside_.up_to && beside_.bytes + bytes <= most) return true;
    beside_ = {0, tail};
    of_.ring().walk([this](const shm::record& found) {
        if (const auto label = mail::envelope(found).label()) beside_.bytes += label->weight;
    });
    return beside_.bytes == 0 || beside_.bytes + bytes <= most;
}

detail::push_result outbox::push_beside(const detail::message_frame& frame, detail::outgoing& message,
                                        std::uint64_t& parcel) {
    if (of_.ring().closed()) return detail::push_result::closed;
    // An earlier try may have packed it.
    auto label = parcel != 0 ? mail::label_of(of_.memory(), {parcel}) : mail::parcel_label();
    if (!room_beside(parcel != 0 ? label.weight : mail::weight_of(of_.memory(), message))) {
        writer_.leave_wish();
        return no_room();
    }
    own_files* const files = of_.here().files_in_use();
    if (parcel == 0) {
        if (files != nullptr) files->hand_over(message.handles);
        label = channel::or_make_room(of_.here(),
                                      [&] { return mail::pack_parcel(of_.memory(), of_.here().owner(), message); });
        parcel = label.block;
        if (files != nullptr) files->note_packed(parcel);
    }
    shm::claim claim;
    const detail::push_result result = claim_for(frame, sizeof label, claim);
    if (result != detail::push_result::sent) return result;
    std::memcpy(body_in(claim), &label, sizeof label);
    if (claim.position() == beside_.up_to) {  // nobody else has claimed since the look
        beside_ = {beside_.bytes + label.weight,
                   shm::position_after(claim.position(), shm::granules_of(claim.bytes()))};
    }
    const bool needed = commit(claim, mail::parcel_record, frame);
    TROUPE_STEP("outbox: parcel committed");
    // crash: the block looks like ours still; the reader takes it over all the same
    mail::send_parcel(of_.memory(), {parcel}, of_.here().owner());
    if (files != nullptr) files->close_those_of(parcel);
    parcel = 0;
    notify(needed);
    return detail::push_result::sent;
}

void outbox::throw_closed() const {
    if (target_) {
        if (const auto status = of_.memory().ends().of(target_)) {
            throw actor_died(of_.memory().processes().described_as_ended(target_), *status);
        }
        throw closed("the actor's mailbox has ended: it was asked to stop, or its parent has ended; send before that");
    }
    if (of_.kind() == shm::channel_kind::pipe) {
        throw closed("the pipe has ended: this end or the other was closed, or the other's owner is dead");
    }
    throw closed("the queue is closed: nothing can be put after close(); what is in it can still be got");
}

// --- waiting for room ----------------------------------------------------------------------------------------------

void outbox::wait(detail::room_wait& one) {
    if (waiting_.empty()) {
        loop::event_loop::current().enroll(*this);
        writer_.ask_for_room(of_.here().slot());
    }
    waiting_.append(one);
    one.wake();  // there may be room by now
}

void outbox::leave(detail::room_wait& one) noexcept {
    waiting_.remove(one);
    if (!waiting_.empty()) return;
    writer_.stop_asking(of_.here().slot());
    loop::event_loop::current().dismiss(*this);
    if (!of_.is_kept()) of_.here().forget_if_idle(of_.id());
}

void outbox::describe(loop::wait_notes& into) const noexcept {
    for (const detail::room_wait* one = waiting_.first(); one != nullptr; one = one->next_waiting) {
        if (!into.add(*one, {.kind = base::waiting_kind::room, .of = of_.id().value})) return;
    }
}

bool outbox::poll() {
    if (!deaths_.notice() && !room_may_have_come()) return false;
    gave_way_ = false;
    waiting_.for_each([](detail::room_wait& one) { one.wake(); });
    return true;
}

bool outbox::room_may_have_come() const noexcept {
    return of_.ring().head_position() != head_when_full_ || (gave_way_ && of_.ring().parked()) || of_.ring().closed() ||
           (target_ && !of_.memory().processes().is_alive(target_));
}

}  // namespace troupe::channel
