#include <troupe/detail/handling.hpp>

#include "actor/own_process.hpp"

namespace troupe::detail {

handling::handling(receive_wait& taken) : taken_(taken) {
    if (actors::own_process::here().in_hand().note_begun(taken.in_hand())) taken.keep();
}

handling::~handling() {
    if (!over_) actors::own_process::here().in_hand().note_left();
}

void handling::over() noexcept {
    over_ = true;
    taken_.consume();
    actors::own_process::here().in_hand().note_returned();
}

}  // namespace troupe::detail
