#include <troupe/detail/ready_queue.hpp>

#include <utility>

namespace troupe::detail {

constinit ready_queue ready;

std::size_t ready_queue::run_some(std::size_t budget) noexcept {
    attend();
    budget_ = budget;
    std::size_t ran = 0;
    for (;; ++ran) {
        if (next_ != nullptr) {
            work* const entry = std::exchange(next_, next_->next);
            entry->run(*entry);
        } else if (budget_ > 0 && back_.next != &back_) {
            --budget_;
            work* const entry = back_.next;
            unlink(*entry);
            entry->run(*entry);
        } else {
            leave();
            return ran;
        }
    }
}

void ready_queue::abandon() noexcept {
    next_ = nullptr;
    back_.next = back_.prev = &back_;
    budget_ = 0;
    call_ = nullptr;
    nested_ = attendants_ = 0;  // the child's stack is the parent's, and it never goes back there
}

}  // namespace troupe::detail
