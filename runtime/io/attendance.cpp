#include "io/attendance.hpp"

#include <exception>

#include <troupe/error.hpp>

#include "loop/event_loop.hpp"

namespace troupe::io {
namespace {

constexpr char closed_meanwhile[] = "it was closed while somebody waited for it; end that wait first (cancel it)";

}  // namespace

void attendance::place::expect_open() const {
    if (is_over()) throw closed(closed_meanwhile);
}

attendance::~attendance() {
    end_watch();
    for (place* one = first_; one != nullptr; one = one->next_) {
        one->at_ = nullptr;
        if (one->waiting_ != nullptr) one->waiting_->fail_with(std::make_exception_ptr(closed(closed_meanwhile)));
    }
}

void attendance::end_watch() noexcept {
    if (kept_.fd < 0) return;
    if (loop::event_loop::exists()) {
        if (auto* const set = loop::event_loop::current().made_descriptors()) set->end(kept_);
    }
    kept_.fd = -1;
}

void attendance::leave(const place& one) noexcept {
    place** link = &first_;
    while (*link != &one) link = &(*link)->next_;
    *link = one.next_;
}

void attendance::replace(const place& one, place& with) noexcept {
    place** link = &first_;
    while (*link != &one) link = &(*link)->next_;
    *link = &with;
}

}  // namespace troupe::io
