#include "loop/source.hpp"

#include <utility>

#include "base/check.hpp"

namespace troupe::loop {

void source_list::enroll(source& one) noexcept {
    if (one.enrolled_) return;
    one.enrolled_ = true;
    one.next_ = nullptr;
    one.prev_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &one;
    last_ = &one;
}

void source_list::dismiss(source& one) noexcept {
    if (!one.enrolled_) return;
    one.enrolled_ = false;
    if (upcoming_ == &one) upcoming_ = one.next_;
    (one.prev_ != nullptr ? one.prev_->next_ : first_) = one.next_;
    (one.next_ != nullptr ? one.next_->prev_ : last_) = one.prev_;
    if (std::exchange(one.parked_, false)) one.unpark();
}

template <class Visit>
void source_list::walk(Visit visit) {
    TROUPE_CHECK(upcoming_ == nullptr);
    for (source* one = first_; one != nullptr; one = upcoming_) {
        upcoming_ = one->next_;
        if (!visit(*one)) break;
    }
    upcoming_ = nullptr;
}

bool source_list::poll() {
    bool found = false;
    walk([&](source& one) {
        if (one.poll()) found = true;
        return true;
    });
    return found;
}

bool source_list::glance() {
    // No walk: a glance changes nothing, and this is the loop that decides how soon a message is seen.
    for (source* one = first_; one != nullptr; one = one->next_) {
        if (one->glance()) return true;
    }
    return false;
}

void source_list::describe(wait_notes& into) const noexcept {
    for (const source* one = first_; one != nullptr; one = one->next_) one->describe(into);
}

parking source_list::park() {
    parking all = parking::parked;
    walk([&](source& one) {
        const parking answer = one.park();
        if (answer == parking::parked) {
            one.parked_ = true;
        } else {
            all = answer;
        }
        return answer != parking::ready;
    });
    return all;
}

void source_list::unpark() {
    walk([](source& one) {
        if (std::exchange(one.parked_, false)) one.unpark();
        return true;
    });
}

}  // namespace troupe::loop
