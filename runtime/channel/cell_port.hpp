// What this process has of one cell: the handles, by count, and its account at a semaphore, or its place at a barrier.
// The process's bit stands in the cell's `holders` while the count is not zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <troupe/detail/cell_hold.hpp>
#include <troupe/detail/cell_wait.hpp>

#include "channel/shared_cells.hpp"
#include "shm/lock_line.hpp"

namespace troupe::channel {

class cell_port : public detail::cell_use {
public:
    cell_port(shared_cells& all, shm::cell_id id, shm::cell& cell) noexcept
        : cell_use{&all.here()}, all_(all), id_(id), cell_(cell) {}
    cell_port(const cell_port&) = delete;
    cell_port& operator=(const cell_port&) = delete;

    shared_cells& all() const noexcept { return all_; }
    participant& here() const noexcept { return *process; }
    shm::program_memory& memory() const noexcept { return here().memory(); }
    own_places& places() const noexcept { return all_.places(); }
    shm::cell_id id() const noexcept { return id_; }
    shm::cell& cell() const noexcept { return cell_; }
    shm::cell_kind kind() const noexcept { return cell_.kind.get(); }
    shm::lock_line line() const noexcept { return {cell_, memory().cells()}; }

    void hold();
    void count_hold() noexcept { ++holds; }  // of a cell that this process has claimed, which is noted already
    void release() noexcept {
        if (--holds == 0) let_go();
    }
    void let_go() noexcept;  // after the last release; destroys the port

    // Memory for the value of a large lock, or for an array, in a cell that this process makes. Throws out_of_memory.
    void take_block(std::size_t bytes);
    // The value of a lock, or the elements of an array.
    std::byte* value();
    std::size_t bytes() const { return cell_.memory().bytes.get(); }
    std::span<std::byte> block_bytes() const;  // throws corrupt

    // A place of this process was granted, and nobody wants it any more: it is passed on, once the gate has come.
    void pass_on(shm::place_number place) noexcept;
    // Of an array: it may be frozen by somebody, and this process looks after that from now on.
    void heed_freezing();
    // This process cannot write to it any more. Throws out_of_memory when the system refuses.
    void freeze_here();
    bool is_frozen_here() const noexcept { return frozen_here_; }

    // Passes on the turn of a place of this process.
    void unlock(shm::place_number place) noexcept {
        if (!line().try_let_go(place)) hand_on(place);
        places().keep(place, id_);
    }

    // Of a semaphore or a barrier: this process's place there, noted at first use; throws out_of_memory.
    shm::place_number account();
    shm::place_number known_account() const noexcept { return account_; }
    // It sleeps on an event or a barrier from now on, until as many have said that they do not any more.
    void add_sleeper() noexcept;
    void remove_sleeper() noexcept;
    std::uint32_t sleepers() const noexcept { return sleepers_; }

private:
    void hand_on(shm::place_number place) noexcept;
    void thaw_here() noexcept;

    shared_cells& all_;
    shm::cell_id id_;
    shm::cell& cell_;
    std::uint32_t sleepers_ = 0;
    shm::place_number account_;
    bool heeds_freezing_ = false;
    bool frozen_here_ = false;
};

// Changes the account of this process at a semaphore by so many permits, and the semaphore's by as many the other way,
// in meeting.cpp; here for whoever lets a handle go.
void return_permits(cell_port& port) noexcept;
void leave_barrier(cell_port& port) noexcept;

}  // namespace troupe::channel

namespace troupe::detail {

inline cell_hold::cell_hold(channel::cell_port* counted) noexcept : use_(counted) {}
inline channel::cell_port* cell_hold::get() const noexcept { return static_cast<channel::cell_port*>(use_); }
inline channel::cell_port& cell_hold::checked(const char* what) const {
    expect_here(what);
    return *get();
}

}  // namespace troupe::detail
