#include <troupe/detail/handling.hpp>

#include "channel/participant.hpp"

namespace troupe::detail {

handling::handling(receive_wait& taken) : taken_(taken) {
    if (channel::participant::here().in_hand().note_begun(taken.in_hand())) taken.keep();
}

handling::~handling() {
    if (!over_) channel::participant::here().in_hand().note_left();
}

void handling::over() noexcept {
    over_ = true;
    taken_.consume();
    channel::participant::here().in_hand().note_returned();
}

}  // namespace troupe::detail
