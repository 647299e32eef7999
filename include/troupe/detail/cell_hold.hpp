// A handle of a lock, an array, an event, a barrier or a semaphore, in this process. Handles share a port by count: the
// process holds the cell while that count is not zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <troupe/detail/outgoing.hpp>

namespace troupe::channel {
class cell_port;
}

namespace troupe::detail {

// As shm::cell_kind.
enum class cell_sort : std::uint32_t { lock, large_lock, array, event, barrier, semaphore, condition };

// One counted hold. Empty when moved from.
class cell_hold {
public:
    cell_hold() noexcept = default;
    // Takes a hold that has been counted already.
    explicit cell_hold(channel::cell_port* counted) noexcept : port_(counted) {}
    cell_hold(const cell_hold& other) noexcept;
    cell_hold(cell_hold&& other) noexcept : port_(std::exchange(other.port_, nullptr)) {}
    cell_hold& operator=(cell_hold other) noexcept {
        std::swap(port_, other.port_);
        return *this;
    }
    ~cell_hold();

    explicit operator bool() const noexcept { return port_ != nullptr; }
    channel::cell_port* get() const noexcept { return port_; }
    // Null unless it is a cell of the program that this process belongs to now.
    channel::cell_port* here() const noexcept;
    // Throws misuse if `what` was moved from, or belongs to another process, or to a program that has ended.
    channel::cell_port& checked(const char* what) const;

    // On its way to another process: a hold of its own stays with the message.
    handle_ref share() const;
    static cell_hold adopt(handle_ref ref, cell_sort sort);

    friend bool operator==(const cell_hold& a, const cell_hold& b) noexcept { return a.port_ == b.port_; }

private:
    channel::cell_port* port_ = nullptr;
};

// They throw misuse outside of `run`, and out_of_memory.
cell_hold make_cell(cell_sort sort);

}  // namespace troupe::detail
