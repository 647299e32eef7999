// What the processes of a program share about its log: the ring that its lines go through, and how its reader fares.
//
// The reader is the logger, a process without a slot that the keeper starts. The ring is a channel of kind `log`. The
// first actor that logs makes it and writes its name here; of two that do so at one time, the first swap decides, and
// the keeper frees the ring of the other.
//
// Whoever commits a line while the reader is parked rings it, by way of the keeper, once until its rings are taken. A
// ring is parked before it has its first reader, so that the first line starts one.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/machine.hpp"
#include "base/published.hpp"
#include "shm/channel_id.hpp"
#include "shm/process_slot.hpp"

namespace troupe::shm {

inline constexpr unsigned log_ring_bits = 14;  // granules: 1 MiB

class log_record {
public:
    pid_word pid;  // of the logger

    // --- the ring
    // sync: log - observes the channel and its ring
    channel_id ring() const noexcept { return {ring_.load(std::memory_order_acquire)}; }
    // Returns false if there is one already.
    bool set_ring(channel_id made) noexcept {
        std::uint64_t none = 0;
        // sync: log - publishes the channel and its ring
        // crash: the channel is the program's; the keeper starts its reader at the death of whoever made it
        return ring_.compare_exchange_strong(none, made.value, std::memory_order_acq_rel);
    }

    // How often the reader has begun, or taken its rings. PARKED in the ring's tail orders it: it is set after they
    // were counted, and whoever commits a line has swapped that word. So whoever has rung at this count need not ring
    // again: the ring is not taken yet.
    std::uint32_t epoch() const noexcept { return epoch_.load(std::memory_order_relaxed); }  // relaxed: see above
    void count_wake_up() noexcept { epoch_.fetch_add(1, std::memory_order_relaxed); }        // relaxed: see above

    // Lines that found no room.
    // relaxed, both: a count, read by itself
    std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
    void count_dropped() noexcept { dropped_.fetch_add(1, std::memory_order_relaxed); }

    // No logger can be had: actors write to stderr themselves.
    // relaxed, both: nothing else is read through it
    bool given_up() const noexcept { return given_up_.load(std::memory_order_relaxed) != 0; }
    void give_up() noexcept { given_up_.store(1, std::memory_order_relaxed); }

    // --- the logger, as the keeper sees it
    // sync: logger - publishes that it has begun to read
    void begin() noexcept { running_.store(1, std::memory_order_release); }
    // sync: logger - observes that it has begun
    bool runs() const noexcept { return running_.load(std::memory_order_acquire) != 0; }
    // sync: logger - publishes that it has come on since it was started
    void count_progress() noexcept { progress_.store(1, std::memory_order_release); }
    // It has ended. Returns whether it ever came on.
    bool end() noexcept {
        // sync: logger - observes what it did, and publishes that it does not run
        running_.exchange(0, std::memory_order_acq_rel);
        // sync: logger - observes whether it came on
        return progress_.exchange(0, std::memory_order_acq_rel) != 0;
    }

    // The program ends: the logger writes what is there, and ends.
    // sync: log's end - observes that every actor has ended, and what they have logged
    bool ending() const noexcept { return ending_.load(std::memory_order_acquire) != 0; }
    // sync: log's end - publishes the ends of all actors
    void set_ending() noexcept { ending_.store(1, std::memory_order_release); }

private:
    // Read at every line; seldom written.
    std::atomic<std::uint64_t> ring_;  // channel_id
    std::atomic<std::uint64_t> dropped_;
    std::atomic<std::uint32_t> epoch_;
    std::atomic<std::uint32_t> given_up_;

public:
    // Written by the logger, for the next one if it dies: its end publishes them.
    alignas(base::line_bytes) base::published<std::uint64_t> told;  // of the lines that were dropped
    base::published<std::uint64_t> in_hand;  // of the program's own function: a position in the ring, plus 1; 0: none
    base::published<std::uint32_t> times_in_hand;

private:
    std::atomic<std::uint32_t> running_;
    std::atomic<std::uint32_t> progress_;
    std::atomic<std::uint32_t> ending_;
};

}  // namespace troupe::shm
