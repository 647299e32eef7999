#include <troupe/detail/receive_wait.hpp>

#include <utility>

#include "channel/inbox.hpp"

namespace troupe::detail {

void finish_letter(letter& taken) noexcept {
    if (taken.from != nullptr) std::exchange(taken.from, nullptr)->finish(taken);
}

bool receive_wait::try_finish() {
    const shm::looking how = std::exchange(looked_, true) ? shm::looking::thoroughly : shm::looking::at_headers;
    switch (from_->pick(letter_, wants_all() ? nullptr : this, how)) {
    case channel::inbox::picked::letter: has_letter_ = true; return true;
    case channel::inbox::picked::ended: return true;
    case channel::inbox::picked::nothing: break;
    }
    return false;
}

void receive_wait::enlist() { from_->wait(*this); }
void receive_wait::abandon() noexcept { from_->leave(*this); }

}  // namespace troupe::detail
