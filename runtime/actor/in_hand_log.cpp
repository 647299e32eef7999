#include "actor/in_hand_log.hpp"

#include <troupe/detail/reply_address.hpp>
#include <troupe/error.hpp>

#include <utility>

#include "base/clock.hpp"
#include "base/step.hpp"
#include "channel/inbox.hpp"

namespace troupe::actors {

// relaxed: written by the supervisor before this process was made; what it writes later is for the keeper
bool in_hand_log::supervised() const noexcept { return self_.revival.load(std::memory_order_relaxed) != 0; }

// relaxed: as above
bool in_hand_log::redelivers() const noexcept { return self_.deliveries.load(std::memory_order_relaxed) > 1; }

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
    // relaxed: this process alone writes
    while (self_.in_hand[next_].place.load(std::memory_order_relaxed) != 0) {
        next_ = static_cast<std::uint16_t>((next_ + 1) % shm::most_in_hand);
    }
    shm::message_in_hand& one = self_.in_hand[next_];
    // relaxed, both: published by the place
    one.asker.store(asker.value, std::memory_order_relaxed);
    one.request.store(std::uint64_t{request.frame.request} << 32 | incarnation, std::memory_order_relaxed);
    // crash: the asker is told that this process died, and the message, unless it was consumed, is delivered to the
    // next
    // sync: in hand - publishes who asked
    one.place.store(request.position + 1, std::memory_order_release);
    TROUPE_STEP("in hand: request noted");
    ++taken_;
    return static_cast<std::uint16_t>(next_ + 1);
}

void in_hand_log::note_answered(std::uint16_t index) noexcept {
    TROUPE_STEP("in hand: answered");
    // crash: the asker is told twice, and hears the first
    // relaxed: as above
    self_.in_hand[index - 1].place.store(0, std::memory_order_relaxed);
    --taken_;
    if (refused_ != nullptr) std::exchange(refused_, nullptr)->wake_all();
}

bool in_hand_log::note_begun(const detail::letter& message) noexcept {
    // What an earlier message was refused, this process got over.
    // relaxed, both: as below
    if (page_.memory_refused.load(std::memory_order_relaxed) != 0) {
        page_.memory_refused.store(0, std::memory_order_relaxed);
    }
    // relaxed, all: read when this process is dead
    self_.handling_type.store(message.frame.type, std::memory_order_relaxed);
    if (self_.message_deadline.load(std::memory_order_relaxed) != 0) {
        // sync: handling - publishes when the handler began, to the keeper
        self_.handling_since.store(static_cast<std::uint64_t>(base::steady_clock::now().time_since_epoch().count()),
                                   std::memory_order_release);
    }
    if (!redelivers() || message.own != nullptr) return false;
    const std::uint64_t place = message.position + 1;
    // relaxed, both: written by this process, or the one before it
    const bool known = self_.handling_place.load(std::memory_order_relaxed) == place;
    const std::uint32_t before = known ? self_.handling_deliveries.load(std::memory_order_relaxed) : 0;
    // crash: between the two stores, no message is noted
    self_.handling_deliveries.store(before + 1, std::memory_order_relaxed);  // relaxed: published by the place
    // sync: in hand - publishes how often it was delivered
    self_.handling_place.store(place, std::memory_order_release);
    TROUPE_STEP("in hand: handler about to run");
    return true;
}

void in_hand_log::note_left() noexcept {
    // relaxed: there is nothing before it that the keeper looks at
    self_.handling_since.store(0, std::memory_order_relaxed);
}

void in_hand_log::note_returned() noexcept {
    note_left();
    // relaxed, all: as above
    self_.handling_type.store(0, std::memory_order_relaxed);
    if (redelivers()) self_.handling_place.store(0, std::memory_order_relaxed);
}

}  // namespace troupe::actors
