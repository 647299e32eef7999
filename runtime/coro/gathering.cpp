#include <troupe/detail/gathering.hpp>

#include <utility>

namespace troupe::detail {

void gathering::add(branch& one) noexcept {
    one.sibling = newest_;
    newest_ = &one;
}

void gathering::begin(promise_base& awaiting) noexcept {
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
    if (cancelled_ && ended.cancel_undelivered()) awaiting_->set_cancel_pending();
    const bool enough = rule_ == rule::first || (rule_ == rule::all && ended.failed());
    if (decisive_ == nullptr && enough) {
        decisive_ = &ended;
        cancel_branches();
    }
    if (--running_ > 0) return;
    awaiting_->wait_on(nullptr);
    awaiting_->resume_next();
}

void gathering::cancel() noexcept {
    cancelled_ = true;
    cancel_branches();
}

void gathering::rethrow_failure() const {
    if (decisive_ != nullptr && decisive_->failed()) std::rethrow_exception(decisive_->failure());
}

}  // namespace troupe::detail
