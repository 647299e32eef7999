#include <troupe/detail/receive_wait.hpp>

#include <utility>

#include "channel/port.hpp"

namespace troupe::detail {

void finish_letter(letter& taken) noexcept {
    if (taken.from != nullptr) std::exchange(taken.from, nullptr)->finish(taken);
}

bool receive_wait::try_finish() {
    const shm::looking how = std::exchange(looked_, true) ? shm::looking::thoroughly : shm::looking::at_headers;
    switch (port_->pick(letter_, wants_all() ? nullptr : this, how)) {
    case port::picked::letter: has_letter_ = true; return true;
    case port::picked::ended: return true;
    case port::picked::nothing: break;
    }
    return false;
}

void receive_wait::enlist() { port_->wait_for_letter(*this); }
void receive_wait::abandon() noexcept { port_->leave(*this); }

}  // namespace troupe::detail
