#include "actor/in_hand_log.hpp"

#include <troupe/detail/reply_address.hpp>
#include <troupe/error.hpp>

#include <utility>

#include "base/clock.hpp"
#include "base/step.hpp"
#include "channel/inbox.hpp"

namespace troupe::actors {

// As it was when this process was made: what the supervisor writes later is for the keeper.
bool in_hand_log::supervised() const noexcept { return self_.supervision.revival.get() != 0; }

bool in_hand_log::redelivers() const noexcept { return self_.supervision.deliveries.get() > 1; }

bool in_hand_log::refuses(channel::inbox& mailbox) noexcept {
    if (!full()) return false;
    refused_ = &mailbox;
    return true;
}

void in_hand_log::answer_incomplete(detail::letter& request) {
    try {
        throw corrupt("the actor died that had the request, and with it the buffer that came with it; send it anew");
    } catch (const corrupt&) {
        detail::reply_address_of(request).answer_with_exception();
    }
}

std::uint16_t in_hand_log::note_taken(const detail::letter& request, detail::actor_id asker,
                                      std::uint32_t incarnation) noexcept {
    if (!supervised() || full()) return 0;
    while (self_.in_hand[next_].place() != 0) next_ = static_cast<std::uint16_t>((next_ + 1) % shm::most_in_hand);
    // crash: the asker is told that this process died, and the message, unless it was consumed, is delivered to the
    // next
    self_.in_hand[next_].note(request.position + 1, asker, std::uint64_t{request.frame.request} << 32 | incarnation);
    TROUPE_STEP("in hand: request noted");
    ++taken_;
    return static_cast<std::uint16_t>(next_ + 1);
}

void in_hand_log::note_answered(std::uint16_t index) noexcept {
    TROUPE_STEP("in hand: answered");
    // crash: the asker is told twice, and hears the first
    self_.in_hand[index - 1].clear();
    --taken_;
    if (refused_ != nullptr) std::exchange(refused_, nullptr)->wake_all();
}

bool in_hand_log::note_begun(const detail::letter& message) noexcept {
    // What an earlier message was refused, this process got over.
    if (page_.memory_refused.get() != 0) page_.memory_refused.set(0);
    self_.handling.type.set(message.frame.type);
    if (self_.who.message_deadline.get() != 0) {
        self_.handling.clock.begin(static_cast<std::uint64_t>(base::steady_clock::now().time_since_epoch().count()));
    }
    if (!redelivers() || message.own != nullptr) return false;
    self_.handling.delivery.note(message.position + 1);
    TROUPE_STEP("in hand: handler about to run");
    return true;
}

void in_hand_log::note_left() noexcept { self_.handling.clock.end(); }

void in_hand_log::note_returned() noexcept {
    note_left();
    self_.handling.type.set(0);
    if (redelivers()) self_.handling.delivery.forget();
}

}  // namespace troupe::actors
