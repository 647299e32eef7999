#include <troupe/detail/ask_wait.hpp>

#include <utility>

#include <troupe/actor.hpp>

#include "actor/own_process.hpp"
#include "actor/pending_requests.hpp"
#include "channel/outbox.hpp"

namespace troupe::detail {

ask_wait::ask_wait(actor_id target, message_frame frame, encoded_message message)
    : reply_(target), frame_(frame), message_(std::move(message)) {}

ask_wait::ask_wait(ask_wait&& other) noexcept
    : room_wait(), reply_(std::move(other.reply_)), frame_(other.frame_), message_(std::move(other.message_)) {}

ask_wait::~ask_wait() {
    // The way to the actor may be forgotten by now.
    channel::participant* const here = channel::participant::current();
    if (request_block_ != 0 && here != nullptr) here->drop_parcel(request_block_);
}

void ask_wait::send() {
    reply_.tell(this, frame_.type);
    to_ = &mailbox_of(reply_.from());
    has_turn_ = reply_.take_number();
    if (!has_turn_) return;
    frame_.request = reply_.number();
    frame_.flags |= asks;
    push_result result = push_result::closed;
    try {
        result = to_->push(frame_, *message_, request_block_);
    } catch (...) {
        reply_.return_number();
        throw;
    }
    if (result == push_result::sent) {
        sent_ = true;
        channel::participant::here().chronicler().note_request(shm::event_kind::asked, reply_.from(), reply_.number(),
                                                               frame_.type);
        leave_queue();
        return;
    }
    reply_.return_number();
    if (result == push_result::closed) to_->throw_closed();
}

// Stands where it now waits: behind those who wait for a place, or for room in the mailbox.
void ask_wait::stand_in_line() {
    const queued right = has_turn_ ? queued::for_room : queued::for_turn;
    if (queued_ == right) return;
    leave_queue();
    if (has_turn_) {
        to_->wait(*this);
    } else {
        actors::own_process::here().requests().wait_for_turn(reply_);
    }
    queued_ = right;
}

bool ask_wait::try_finish() {
    if (!sent_) send();
    if (reply_.arrived()) return true;
    if (reply_.lost()) mailbox_of(reply_.from()).throw_closed();  // the way to it may be forgotten by now
    if (!sent_ && queued_ != queued::nowhere) stand_in_line();
    return false;
}

void ask_wait::enlist() {
    if (!sent_) stand_in_line();
}

void ask_wait::leave_queue() noexcept {
    switch (std::exchange(queued_, queued::nowhere)) {
    case queued::for_room: to_->leave(*this); break;
    case queued::for_turn: actors::own_process::here().requests().leave_turn(reply_); break;
    case queued::nowhere: break;
    }
}

void ask_wait::abandon() noexcept {
    leave_queue();
    reply_.give_up();
}

}  // namespace troupe::detail
