// A handle of a lock, an array, an event, a barrier, a semaphore or a condition, in this process. Handles share a port
// by count: the process holds the cell while that count is not zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <troupe/detail/outgoing.hpp>

namespace troupe::channel {
class cell_port;
class participant;
}  // namespace troupe::channel

namespace troupe::detail {

// As shm::cell_kind.
enum class cell_sort : std::uint32_t { lock, large_lock, array, event, barrier, semaphore, condition };

// This process's place in its program; null outside of `run`, and in the child of a fork.
extern channel::participant* the_participant;

// Of a port, what its handles look at without a call.
struct cell_use {
    channel::participant* process;  // that it belongs to
    std::uint32_t holds = 0;        // handles
    void* content = nullptr;        // of a lock, once it was looked for
};

// One counted hold. Empty when moved from.
class cell_hold {
public:
    cell_hold() noexcept = default;
    // Takes a hold that has been counted already. This, `get`, `here` and `checked` are for the library alone, which
    // has them in channel/cell_port.hpp.
    explicit cell_hold(channel::cell_port* counted) noexcept;
    cell_hold(const cell_hold& other) noexcept : use_(other.use_) {
        if (cell_use* const use = use_here()) ++use->holds;
    }
    cell_hold(cell_hold&& other) noexcept : use_(std::exchange(other.use_, nullptr)) {}
    cell_hold& operator=(cell_hold other) noexcept {
        std::swap(use_, other.use_);
        return *this;
    }
    ~cell_hold() {
        if (cell_use* const use = use_here()) {
            if (--use->holds == 0) let_go();
        }
    }

    explicit operator bool() const noexcept { return use_ != nullptr; }
    channel::cell_port* get() const noexcept;
    // Null unless it is a cell of the program that this process belongs to now. A handle may outlive `run`, or be a
    // copy in a forked child: then there is nothing to give back.
    channel::cell_port* here() const noexcept { return use_here() != nullptr ? get() : nullptr; }
    const cell_use* use() const noexcept { return use_here(); }
    // Throws misuse if `what` was moved from, or belongs to another process, or to a program that has ended.
    channel::cell_port& checked(const char* what) const;
    void expect_here(const char* what) const {
        if (use_here() == nullptr) refuse(what);
    }

    // On its way to another process: a hold of its own stays with the message.
    handle_ref share() const;
    static cell_hold adopt(handle_ref ref, cell_sort sort);

    friend bool operator==(const cell_hold& a, const cell_hold& b) noexcept { return a.use_ == b.use_; }

private:
    // Outside of `run` the port is no more, and is not looked at.
    cell_use* use_here() const noexcept {
        if (use_ == nullptr || the_participant == nullptr) return nullptr;
        return use_->process == the_participant ? use_ : nullptr;
    }
    void let_go() const noexcept;
    [[noreturn]] void refuse(const char* what) const;

    cell_use* use_ = nullptr;
};

// They throw misuse outside of `run`, and out_of_memory.
cell_hold make_cell(cell_sort sort);

}  // namespace troupe::detail
