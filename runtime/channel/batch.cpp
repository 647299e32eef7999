// The compiled core of sending and receiving many.
#include <troupe/detail/batch.hpp>

#include <algorithm>

#include "channel/outbox.hpp"
#include "mail/batch.hpp"
#include "mail/envelope.hpp"

namespace troupe::detail {

send_many_wait::~send_many_wait() {
    // It was encoded while the batch before it waits, and stays its owner's.
    if (next_ && !ends_.empty()) next_->put_back_moved();
    if (block_ != 0 && use_.is_here()) to_->of().drop_parcel(block_);
}

void send_many_wait::encode_one() {
    if (rest_.count == 0) return;
    const std::byte* const one = rest_.next;
    rest_.drop(1);
    next_.emplace();
    try {
        rest_.encode(one, **next_);
    } catch (...) {
        next_.reset();
        refused_ = std::current_exception();
    }
}

// What goes next: as many as a record takes, or one that goes alone. False: nothing is left.
bool send_many_wait::load() {
    if (!batch_) batch_.emplace();
    outgoing& batch = **batch_;
    while (ends_.size() < mail::most_in_batch && !refused_) {
        if (!next_) encode_one();
        if (!next_ || !to_->fits_batch(**next_, ends_.size(), batch.bytes.size())) break;
        batch.bytes.append((*next_)->bytes.data(), (*next_)->bytes.size());
        batch.flat = (*next_)->flat;
        ends_.push_back(static_cast<std::uint16_t>(batch.bytes.size()));
        next_.reset();
    }
    if (!ends_.empty() || next_) return true;
    if (refused_) std::rethrow_exception(refused_);
    return false;
}

// Flat messages, copied into records from where they are. False: there is no room now.
bool send_many_wait::send_as_they_stand() {
    while (rest_.count > 0) {
        const std::size_t some = std::min(rest_.count, to_->most_in_row(rest_.size));
        if (some == 0) break;  // they go one by one
        switch (to_->push_row(frame_, {rest_.next, some * rest_.size}, rest_.size)) {
        case push_result::sent: break;
        case push_result::full: return false;
        case push_result::closed: to_->throw_closed();
        }
        rest_.drop(some);
    }
    return true;
}

bool send_many_wait::try_finish() {
    if (rest_.flat && ends_.empty() && !next_ && !send_as_they_stand()) return false;
    for (;;) {
        if (ends_.empty() && !next_ && !load()) return true;
        const bool packed = !ends_.empty();
        switch (packed ? to_->push_batch(frame_, **batch_, ends_) : to_->push(frame_, **next_, block_)) {
        case push_result::sent: break;
        case push_result::full: return false;
        case push_result::closed: to_->throw_closed();
        }
        if (packed) {
            (*batch_)->clear();
            ends_.clear();
        } else {
            next_.reset();
        }
    }
}

void send_many_wait::enlist() { to_->wait(*this); }
void send_many_wait::abandon() noexcept { to_->leave(*this); }

// --- receiving -----------------------------------------------------------------------------------------------------

std::span<const std::byte> row_in_hand(letter& taken, std::size_t size, std::size_t most) noexcept {
    if (taken.kind != mail::batch_record || !taken.content.flat) return {};
    const std::span<const std::byte> row = mail::row_of_batch(taken.body(), taken.part, size, most);
    if (!row.empty()) taken.part = static_cast<std::uint16_t>(taken.part + row.size() / size - 1);
    return row;
}

}  // namespace troupe::detail
