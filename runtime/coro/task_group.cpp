#include <troupe/task_group.hpp>

#include <troupe/error.hpp>

#include <utility>

#include "base/check.hpp"

namespace troupe {

// A task that was started and has not ended, on the group's list.
class task_group::member final : public detail::branch_of<void> {
public:
    using branch_of::branch_of;
    static void* operator new(std::size_t bytes) { return detail::take_frame(bytes); }
    static void operator delete(void* self, std::size_t bytes) noexcept {
        if (self != nullptr) detail::give_frame(self, bytes);  // a compiler that minds size does not ask before
    }

    member* next = nullptr;
    member* prev = nullptr;
};

task_group::~task_group() {
    TROUPE_CHECK(running_ == 0 && members_ == nullptr);
    if (sweep_.due) detail::ready_queue::unlink(sweep_);
    delete last_ended_;
}

void task_group::sweep::run_turn(detail::work& self) noexcept {
    auto& one = static_cast<sweep&>(self);
    one.due = false;
    delete std::exchange(one.group.last_ended_, nullptr);
}

void task_group::adopt(task<> x) {
    if (stopping_) return;
    auto* const m = new member(std::move(x));
    m->next = members_;
    if (members_ != nullptr) members_->prev = m;
    members_ = m;
    ++running_;
    m->start(*this);
}

void task_group::retire(member& ended) noexcept {
    if (ended.next != nullptr) ended.next->prev = ended.prev;
    (ended.prev != nullptr ? ended.prev->next : members_) = ended.next;
    delete std::exchange(last_ended_, &ended);
    if (!std::exchange(sweep_.due, true)) detail::ready.push_back(sweep_);
}

void task_group::done(detail::branch& ended) noexcept {
    if (cancelled_ && ended.cancel_undelivered()) left_over_ = true;
    if (ended.failed() && !failure_) {
        const bool as_asked = &ended != body_ && !cancelled_ && ended.cancel_requested() && ended.failed_as_cancelled();
        if (!as_asked) {
            failure_ = ended.failure();
            stop();
        }
    }
    if (&ended != body_) retire(static_cast<member&>(ended));
    if (joining_ != nullptr) joining_->wake();
    if (--running_ > 0) return;
    if (left_over_ && !detail::says_cancelled(failure_)) awaiting_->set_cancel_pending();
    awaiting_->wait_on(nullptr);
    awaiting_->resume_next();
}

void task_group::joining::enlist() {
    if (group_.joining_ != nullptr) throw misuse("a task group is joined by its body alone, once at a time");
    group_.joining_ = this;
}

void task_group::cancel_tasks() noexcept {
    for (member* m = members_; m != nullptr; m = m->next) m->cancel();
}

void task_group::stop() noexcept {
    stopping_ = true;
    cancel_tasks();
    body_->cancel();
}

void task_group::cancel() noexcept {
    if (!std::exchange(cancelled_, true)) left_over_ = !can_be_told();
    stop();
}

bool task_group::can_be_told() const noexcept {
    if (body_->running() && !body_->cancel_requested()) return true;
    for (const member* m = members_; m != nullptr; m = m->next) {
        if (!m->cancel_requested()) return true;
    }
    return false;
}

void task_group::rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
}

}  // namespace troupe
