// The compiled core of sending and receiving many.
#include <troupe/detail/batch.hpp>

#include <algorithm>

#include "channel/batch.hpp"
#include "channel/port.hpp"

namespace troupe::detail {

send_many_wait::~send_many_wait() {
    if (block_ != 0) port_->drop_block(block_);
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
    while (ends_.size() < channel::most_in_batch && !refused_) {
        if (!next_) encode_one();
        if (!next_ || !port_->fits_batch(**next_, ends_.size(), batch.bytes.size())) break;
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
        const std::size_t some = std::min(rest_.count, port_->most_in_row(rest_.size));
        if (some == 0) break;  // they go one by one
        switch (port_->push_row(frame_, {rest_.next, some * rest_.size}, rest_.size)) {
        case push_result::sent: break;
        case push_result::full: return false;
        case push_result::closed: port_->throw_closed();
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
        switch (packed ? port_->push_batch(frame_, **batch_, ends_) : port_->push(frame_, **next_, block_)) {
        case push_result::sent: break;
        case push_result::full: return false;
        case push_result::closed: port_->throw_closed();
        }
        if (packed) {
            (*batch_)->clear();
            ends_.clear();
        } else {
            next_.reset();
        }
    }
}

void send_many_wait::enlist() { port_->wait_for_room(*this); }
void send_many_wait::abandon() noexcept { port_->leave(*this); }

// --- receiving -----------------------------------------------------------------------------------------------------

std::span<const std::byte> row_in_hand(letter& taken, std::size_t size, std::size_t most) noexcept {
    if (taken.kind != batch_record || !taken.content.flat) return {};
    const std::span<const std::byte> row = channel::row_of_batch(port::body_of(taken), taken.part, size, most);
    if (!row.empty()) taken.part = static_cast<std::uint16_t>(taken.part + row.size() / size - 1);
    return row;
}

}  // namespace troupe::detail
