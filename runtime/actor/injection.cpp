#include "actor/injection.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

#include <troupe/error.hpp>

#include "actor/injections.hpp"
#include "actor/own_process.hpp"
#include "base/system_failure.hpp"
#include "loop/event_loop.hpp"

namespace troupe::detail {
namespace {

constexpr std::uint32_t most_waiting = 65'536;
constexpr std::size_t most_in_mailbox = 1024;

// Stands where the newest value does, once nothing can be pushed.
struct closed_mark final : injected {
    encoded_message encode() const override { return encoded_message(nullptr); }
};
injected* closed() noexcept {
    static closed_mark mark;
    return &mark;
}

void drop(injected* first) noexcept {
    while (first != nullptr) delete std::exchange(first, first->next);
}

}  // namespace

injection::injection(channel::lone_inbox& mailbox, std::uint32_t type, base::owned_fd bell) noexcept
    : mailbox_(mailbox), type_(type), bell_(std::move(bell)), process_(::getpid()) {}

injection::~injection() {
    if (process_ == ::getpid()) close();
}

void injection::ring() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(bell_.get(), &one, sizeof one);
}

send_result injection::post(std::unique_ptr<injected> value) noexcept {
    if (process_ != ::getpid()) return send_result::gone;
    // relaxed: a bound, and no more
    injected* seen = newest_.load(std::memory_order_relaxed);
    // relaxed: a bound, and no more
    if (seen != closed() && count_.fetch_add(1, std::memory_order_relaxed) >= most_waiting) {
        // relaxed: a bound, and no more
        count_.fetch_sub(1, std::memory_order_relaxed);
        return send_result::full;
    }
    do {
        if (seen == closed()) return send_result::gone;
        value->next = seen;
        // sync: injected - publishes the value, and those below it
    } while (!newest_.compare_exchange_weak(seen, value.get(), std::memory_order_release, std::memory_order_relaxed));
    // NOLINTNEXTLINE(bugprone-unused-return-value): it is in the stack, and the actor's now
    static_cast<void>(value.release());
    if (seen == nullptr) ring();
    return send_result::sent;
}

void injection::leave() noexcept {
    // sync: last injector - publishes all that was posted
    left_.store(true, std::memory_order_release);
    if (process_ == ::getpid()) ring();
}

bool injection::is_over() const noexcept {
    // sync: last injector - observes all that was posted
    return left_.load(std::memory_order_acquire) && !holds_any();
}

bool injection::has_room() const noexcept { return mailbox_.own_waiting(type_) < most_in_mailbox; }

bool injection::holds_any() const noexcept {
    // relaxed: what is missed here is taken at the next look, for which its poster rings
    return oldest_ != nullptr || newest_.load(std::memory_order_relaxed) != nullptr;
}

void injection::take_all() noexcept {
    // sync: injected - observes the values
    injected* newest = newest_.exchange(nullptr, std::memory_order_acquire);
    injected* first = nullptr;
    while (newest != nullptr) {
        injected* const below = std::exchange(newest->next, first);
        first = std::exchange(newest, below);
    }
    oldest_ = first;
}

void injection::pass_on() {
    const std::unique_ptr<injected> one(oldest_);
    if (!one) return;
    oldest_ = one->next;
    // relaxed: a bound, and no more
    count_.fetch_sub(1, std::memory_order_relaxed);
    try {
        mailbox_.put_own(type_, one->encode());
    } catch (...) {
        actors::own_process::here().fail(std::current_exception());
    }
}

bool injection::poll() {
    bool found = false;
    while (holds_any() && has_room()) {
        if (oldest_ == nullptr) take_all();
        pass_on();
        found = true;
    }
    if (is_over()) actors::own_process::here().injections().remove(*this);
    return found;
}

void injection::close() noexcept {
    // sync: injected - publishes nothing and observes the values that nobody will take
    injected* left = newest_.exchange(closed(), std::memory_order_acq_rel);
    if (left != closed()) drop(left);
    drop(std::exchange(oldest_, nullptr));
}

injection_hold::injection_hold(std::uint32_t type, bool carries_handles) {
    if (carries_handles) {
        throw misuse(
            "a message that can carry handles cannot be injected, because they belong to the thread of the "
            "actor: inject what the actor makes it of");
    }
    shared_ = actors::own_process::here().injections().open(type);
}

send_result injection_hold::post(std::unique_ptr<injected> value) const noexcept {
    return shared_ ? shared_->post(std::move(value)) : send_result::gone;
}

}  // namespace troupe::detail
