// What a parcel, and a buffer, begins with. See parcel.hpp for the rest of it.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/published.hpp"
#include "shm/owner_id.hpp"

namespace troupe::mail {

inline constexpr std::uint64_t no_stamp = 0;  // of what is free

class parcel_header {
public:
    // Nothing is listed in it yet.
    void begin(std::uint64_t stamp, std::uint64_t length) noexcept {
        // crash: the owner's, with the old handles listed; the keeper frees it, and looks once too often
        list(0);
        let_go_.set(0);
        home_.set({});
        stamp_.store(stamp, std::memory_order_release);  // sync: parcel - publishes who wrote it
        length_.set(length);
    }

    std::uint64_t stamp() const noexcept {
        return stamp_.load(std::memory_order_acquire);  // sync: parcel - observes who wrote it
    }
    void unstamp() noexcept {
        // relaxed: our own store, or observed with what named it
        if (stamp_.load(std::memory_order_relaxed) == no_stamp) return;
        // crash: without a stamp, in no record any more; the keeper frees it
        stamp_.store(no_stamp, std::memory_order_release);  // sync: parcel - publishes that it is nobody's
    }
    // By whoever took it off.
    void stamp_again(std::uint64_t stamp) noexcept {
        // crash: before, its file is closed with the message; after, it is as it was
        stamp_.store(stamp, std::memory_order_release);  // sync: parcel - publishes that its file is still to be had
    }

    // How many handles are listed behind the header.
    std::uint32_t handles() const noexcept {
        return handles_.load(std::memory_order_acquire);  // sync: parcel - observes the handles
    }
    void list(std::uint32_t handles) noexcept {
        handles_.store(handles, std::memory_order_release);  // sync: parcel - publishes the handles, or that none are
    }
    // How many of them were let go, and the keeper was perhaps not told: it looks when this process is dead.
    std::uint32_t let_go() const noexcept { return let_go_.get(); }
    void note_let_go(std::uint32_t handles) noexcept { let_go_.set(handles); }

    // Published by the count of handles, or by the record that names the parcel.
    std::uint64_t length() const noexcept { return length_.get(); }
    std::uint64_t weight() const noexcept { return weight_; }
    void set_weight(std::uint64_t weight) noexcept { weight_ = weight; }

    // The process that it goes back to, by its owner number; nobody's if it is not lent. Published by the record that
    // names the parcel, or by the end of whoever had it.
    shm::owner_id home() const noexcept { return home_.get(); }
    void set_home(shm::owner_id lender) noexcept { home_.set(lender); }

private:
    std::atomic<std::uint64_t> stamp_;
    base::published<std::uint64_t> length_;
    std::atomic<std::uint32_t> handles_;
    base::published<std::uint32_t> let_go_;
    std::uint64_t weight_;
    base::published<shm::owner_id> home_;
};
static_assert(sizeof(parcel_header) == 40);

}  // namespace troupe::mail
