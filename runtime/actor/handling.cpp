#include <troupe/detail/handling.hpp>

#include "actor/own_process.hpp"
#include "channel/inbox.hpp"

namespace troupe::detail {
namespace {

// Whoever has the slot now: nearly always the sender, and what is told of it is for people.
actor_id sender_of(actors::own_process& here, const letter& taken) noexcept {
    if (taken.own != nullptr) return {};
    return here.memory().process(shm::owner_id{taken.frame.writer}.slot()).actor();
}

}  // namespace

handling::handling(receive_wait& taken) : taken_(taken) {
    actors::own_process& here = actors::own_process::here();
    const letter& message = taken.in_hand();
    here.participant().chronicler().begin_handling(message, sender_of(here, message));
    here.participant().observation().begin_handling(this, message);
    if (!here.in_hand().note_begun(message)) return;
    taken.keep();
    message.from->keep(message);
}

handling::~handling() {
    if (over_) return;
    actors::own_process& here = actors::own_process::here();
    here.in_hand().note_left();
    const letter& message = taken_.in_hand();
    if (message.from != nullptr && message.own == nullptr) message.from->keep_no_more(message);
    here.participant().chronicler().end_handling(message.frame.type);
    here.participant().observation().end_handling(this);
}

void handling::over() noexcept {
    over_ = true;
    taken_.consume();
    actors::own_process& here = actors::own_process::here();
    here.in_hand().note_returned();
    here.participant().chronicler().end_handling(taken_.in_hand().frame.type);
    here.participant().observation().end_handling(this);
}

}  // namespace troupe::detail
