// The messages this process has in hand: taken from its mailbox, and not dealt with. They are noted in its slot, so
// that others can tell when it has died what it died of, and whose requests went with it.
//
// Noted of every actor: the type of the message whose handler runs (`message_handling::type`).
// Noted of a supervised one: each request, from before it is consumed until it is answered (`in_hand`). There are
// `most_in_hand` places; while all are taken, no further request is received.
// Noted with a deadline for messages: when the handler began. The keeper looks.
// Noted with redelivery: the place and the deliveries of the message whose handler runs. Such a message is consumed
// when its handler has returned, so the next incarnation of the actor finds it where it was.
#pragma once

#include <cstdint>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/letter.hpp>

#include "base/post_mortem.hpp"
#include "channel/admission.hpp"
#include "shm/process_slot.hpp"

namespace troupe::actors {

class in_hand_log final : public channel::admission {
public:
    in_hand_log(shm::process_slot& self, base::post_mortem& page) : self_(self), page_(page) {}

    // Returns whether the log has no room for another request. If so, the mailbox is told once it has.
    bool refuses(channel::inbox& mailbox) noexcept override;
    void answer_incomplete(detail::letter& request) override;
    // Returns the index of the request in the log, + 1; 0 when nobody needs to know.
    std::uint16_t note_taken(const detail::letter& request, detail::actor_id asker, std::uint32_t incarnation) noexcept;
    void note_answered(std::uint16_t index) noexcept;

    // The handler of a message is about to run. Returns whether the message is to be consumed only when it has
    // returned.
    bool note_begun(const detail::letter& message) noexcept;
    void note_returned() noexcept;
    // The handler was left by an exception: its deadline is no longer watched.
    void note_left() noexcept;

private:
    bool full() const noexcept { return taken_ == shm::most_in_hand; }
    bool supervised() const noexcept;
    bool redelivers() const noexcept;

    shm::process_slot& self_;
    base::post_mortem& page_;
    channel::inbox* refused_ = nullptr;
    std::uint16_t taken_ = 0;
    std::uint16_t next_ = 0;
};

}  // namespace troupe::actors
