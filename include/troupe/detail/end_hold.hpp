// An end of a channel that this process holds. Handles (queue, connection) share a port by count: the process holds
// an end while the count of that end is not zero.
#pragma once

#include <cstdint>
#include <utility>

#include <troupe/detail/outgoing.hpp>

namespace troupe::channel {
class inbox;
class outbox;
class port;
}  // namespace troupe::channel

namespace troupe::detail {

enum end_role : std::uint32_t { receiving_end = 1, sending_end = 2, both_ends = 3 };

// One counted hold of an end. Empty when moved from.
class end_hold {
public:
    end_hold() noexcept = default;
    // Takes a hold that has been counted already.
    end_hold(channel::port* held, std::uint32_t role) noexcept : port_(held), role_(role) {}
    end_hold(const end_hold& other) noexcept;
    end_hold(end_hold&& other) noexcept : port_(std::exchange(other.port_, nullptr)), role_(other.role_) {}
    end_hold& operator=(end_hold other) noexcept {
        std::swap(port_, other.port_);
        std::swap(role_, other.role_);
        return *this;
    }
    ~end_hold();

    explicit operator bool() const noexcept { return port_ != nullptr; }
    channel::port* get() const noexcept { return port_; }
    // These throw misuse if `what` was moved from, or belongs to another process.
    channel::port& checked(const char* what) const;
    channel::inbox& receiving(const char* what) const;
    channel::outbox& sending(const char* what) const;

    // On its way to another process. `share` leaves a hold of its own with the message; `give_away` gives this one up
    // to it.
    handle_ref share() const;
    handle_ref give_away() noexcept;
    static end_hold adopt(handle_ref ref, std::uint32_t role);

    friend bool operator==(const end_hold& a, const end_hold& b) noexcept { return a.port_ == b.port_; }

private:
    [[noreturn]] void throw_unusable(const char* what) const;

    channel::port* port_ = nullptr;
    std::uint32_t role_ = 0;
};

}  // namespace troupe::detail
