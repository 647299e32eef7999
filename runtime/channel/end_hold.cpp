#include <troupe/detail/end_hold.hpp>

#include <string>
#include <utility>

#include <troupe/error.hpp>

#include "channel/participant.hpp"
#include "channel/port.hpp"

namespace troupe::detail {

namespace {

// A handle may outlive `run`, or be a copy in a forked child: then there is nothing to give back.
bool belongs_here(const channel::port* held) noexcept {
    return held != nullptr && channel::participant::current() != nullptr &&
           &held->of().here() == channel::participant::current();
}

}  // namespace

end_hold::end_hold(const end_hold& other) noexcept : port_(other.port_), role_(other.role_) {
    if (belongs_here(port_)) port_->hold(role_);
}

end_hold::~end_hold() {
    if (belongs_here(port_)) port_->release(role_);
}

channel::port& end_hold::checked(const char* what) const {
    if (!belongs_here(port_)) throw_unusable(what);
    return *port_;
}

channel::inbox& end_hold::receiving(const char* what) const { return *checked(what).in(); }
channel::outbox& end_hold::sending(const char* what) const { return checked(what).out(); }

void end_hold::throw_unusable(const char* what) const {
    if (port_ == nullptr) {
        throw misuse(std::string(what) + " was moved from, or closed by this process, and cannot be used any more");
    }
    channel::participant::here();
    throw misuse(std::string(what) +
                 " belongs to the process this one was forked from; pass it as an argument of spawn");
}

handle_ref end_hold::share() const {
    channel::port& held = checked("this handle");
    held.hold(role_);
    return {held.of().id().value, role_};
}

handle_ref end_hold::give_away() noexcept {
    channel::port* held = std::exchange(port_, nullptr);
    if (role_ & receiving_end) held->stop_reading();
    return {held->of().id().value, role_};
}

end_hold end_hold::adopt(handle_ref ref, std::uint32_t role) {
    if (ref.role != role) throw corrupt("a handle in a message is of another kind than the message's type says");
    channel::port& held = channel::participant::here().port_of(shm::channel_id{ref.object});
    held.hold(role);
    return {&held, role};
}

}  // namespace troupe::detail
