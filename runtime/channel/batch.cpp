// The compiled core of sending many.
#include <troupe/detail/batch.hpp>

#include "channel/batch.hpp"
#include "channel/port.hpp"

namespace troupe::detail {

batch_wait::~batch_wait() {
    if (block_ != 0) port_->drop_block(block_);
}

void batch_wait::encode_one() {
    next_.emplace();
    try {
        if (!encode_next(**next_)) next_.reset();
    } catch (...) {
        next_.reset();
        refused_ = std::current_exception();
    }
}

// What goes next: as many as a record takes, or one that goes alone. False: nothing is left.
bool batch_wait::load() {
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

bool batch_wait::try_finish() {
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

void batch_wait::enlist() { port_->wait_for_room(*this); }
void batch_wait::abandon() noexcept { port_->leave(*this); }

}  // namespace troupe::detail
