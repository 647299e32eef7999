#include "io/attendance.hpp"

#include <exception>

#include <troupe/error.hpp>

namespace troupe::io {
namespace {

constexpr char closed_meanwhile[] = "it was closed while somebody waited for it; end that wait first (cancel it)";

}  // namespace

void attendance::place::expect_open() const {
    if (is_over()) throw closed(closed_meanwhile);
}

attendance::~attendance() {
    for (place* one = first_; one != nullptr; one = one->next_) {
        one->at_ = nullptr;
        if (one->waiting_ != nullptr) one->waiting_->fail_with(std::make_exception_ptr(closed(closed_meanwhile)));
    }
}

void attendance::leave(const place& one) noexcept {
    place** link = &first_;
    while (*link != &one) link = &(*link)->next_;
    *link = one.next_;
}

}  // namespace troupe::io
