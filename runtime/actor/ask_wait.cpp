#include <troupe/detail/ask_wait.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include <troupe/actor.hpp>
#include <troupe/error.hpp>

#include "actor/own_process.hpp"
#include "actor/pending_requests.hpp"
#include "channel/outbox.hpp"

namespace troupe::detail {

ask_wait::ask_wait(actor_id target, message_frame frame, encoded_message message)
    : target_(target), frame_(frame), message_(std::move(message)) {}

ask_wait::ask_wait(ask_wait&& other) noexcept
    : room_wait(), target_(other.target_), frame_(other.frame_), message_(std::move(other.message_)) {}

ask_wait::~ask_wait() {
    if (request_block_ != 0 && to_ != nullptr) to_->of().drop_parcel(request_block_);
    if (reply_block_ != 0) actors::own_process::here().requests().drop_block(reply_block_);
}

void ask_wait::send() {
    actors::pending_requests& pending = actors::own_process::here().requests();
    to_ = &mailbox_of(target_);
    const auto request = pending.reserve(*this);
    has_turn_ = request.has_value();
    if (!request) return;
    frame_.request = *request;
    push_result result = push_result::closed;
    try {
        result = to_->push(frame_, *message_, request_block_);
    } catch (...) {
        pending.unreserve(*request);
        throw;
    }
    if (result == push_result::sent) {
        stage_ = stage::sent;
        leave_queue();
        return;
    }
    pending.unreserve(*request);
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
        actors::own_process::here().requests().wait_for_turn(*this);
    }
    queued_ = right;
}

bool ask_wait::try_finish() {
    if (stage_ == stage::unsent) send();
    if (stage_ == stage::answered) return true;
    if (target_dead_) mailbox_of(target_).throw_closed();  // the way to it may be forgotten by now
    if (stage_ == stage::unsent && queued_ != queued::nowhere) stand_in_line();
    return false;
}

void ask_wait::enlist() {
    if (stage_ == stage::unsent) stand_in_line();
}

void ask_wait::leave_queue() noexcept {
    switch (std::exchange(queued_, queued::nowhere)) {
    case queued::for_room: to_->leave(*this); break;
    case queued::for_turn: actors::own_process::here().requests().leave_turn(*this); break;
    case queued::nowhere: break;
    }
}

void ask_wait::abandon() noexcept {
    leave_queue();
    if (stage_ == stage::sent) actors::own_process::here().requests().give_up(frame_.request);
}

void ask_wait::reply_arrived(letter& reply) noexcept {
    kind_ = reply.frame.type;
    reply_ = reply.content;
    if (reply.block != 0) {
        reply_block_ = std::exchange(reply.block, 0);
    } else {
        const std::size_t length = std::min(reply.content.bytes.size(), inline_.size());
        std::memcpy(inline_.data(), reply.content.bytes.data(), length);
        reply_.bytes = {inline_.data(), length};
    }
    stage_ = stage::answered;
    wake();
}

incoming ask_wait::reply() {
    switch (kind_) {
    case reply_value: return reply_;
    case reply_exception: {
        auto [type, text] = decoded<std::pair<std::string, std::string>>(reply_);
        throw remote_error(std::move(type), std::move(text));
    }
    case reply_died: {
        actors::own_process& here = actors::own_process::here();
        std::uint64_t ending = 0;
        if (reply_.bytes.size() == sizeof ending) std::memcpy(&ending, reply_.bytes.data(), sizeof ending);
        throw actor_died(here.memory().processes().described_as_ended(target_),
                         here.memory().ends().as_told(target_, ending));
    }
    case reply_nothing: throw remote_error("troupe::unanswered", "the actor let the request go without an answer");
    default: throw corrupt("a reply of an unknown kind arrived");
    }
}

}  // namespace troupe::detail
