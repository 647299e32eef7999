#include <troupe/detail/gathering.hpp>

#include <utility>

namespace troupe::detail {

void gathering::add(branch& one) noexcept {
    one.sibling = newest_;
    newest_ = &one;
}

void gathering::begin(promise_base& awaiting) {
    awaiting_ = &awaiting;
    awaiting_->wait_on(this);
    // The next lane is last in, first out: from the newest to the oldest gives argument order, here and in
    // cancel_branches.
    for (branch* one = newest_; one != nullptr; one = one->sibling) {
        ++running_;
        one->be_awaited_by(awaiting);
        one->start_next(*this);
    }
}

void gathering::cancel_branches() noexcept {
    for (branch* one = newest_; one != nullptr; one = one->sibling) one->cancel();
}

void gathering::done(branch& ended) noexcept {
    if (cancelled_ && ended.cancel_undelivered()) left_over_ = true;
    const bool enough = rule_ == rule::first || (rule_ == rule::all && ended.failed());
    if (decisive_ == nullptr && enough) {
        decisive_ = &ended;
        cancel_branches();
    }
    if (--running_ > 0) return;
    if (left_over_ && !gives_cancelled()) awaiting_->set_cancel_pending();
    awaiting_->wait_on(nullptr);
    awaiting_->resume_next();
}

void gathering::cancel() noexcept {
    if (!std::exchange(cancelled_, true)) left_over_ = !can_be_told();
    cancel_branches();
}

// A branch passes on one request, and may have had it when another was decisive, or at a deadline.
bool gathering::can_be_told() const noexcept {
    for (const branch* one = newest_; one != nullptr; one = one->sibling) {
        if (one->running() && !one->cancel_requested()) return true;
    }
    return false;
}

bool gathering::gives_cancelled() const noexcept {
    if (rule_ != rule::every_end) return decisive_ != nullptr && decisive_->failed_as_cancelled();
    for (const branch* one = newest_; one != nullptr; one = one->sibling) {
        if (one->failed_as_cancelled()) return true;
    }
    return false;
}

void gathering::rethrow_failure() const {
    if (decisive_ != nullptr && decisive_->failed()) std::rethrow_exception(decisive_->failure());
}

}  // namespace troupe::detail
