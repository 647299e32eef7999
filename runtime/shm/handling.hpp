// The messages that a process has in hand, as others read it when the process is dead.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <troupe/detail/actor_id.hpp>

#include "base/published.hpp"

namespace troupe::shm {

// How often a message that is delivered again has been delivered: the one whose handler runs, or ran.
class delivery_note {
public:
    // The position of its record + 1; 0: none.
    std::uint64_t place() const noexcept {
        // sync: in hand - observes how often it was delivered
        return place_.load(std::memory_order_acquire);
    }
    // This time included.
    std::uint32_t count() const noexcept {
        return count_.load(std::memory_order_relaxed);  // relaxed: published by the place, or by the end
    }
    void note(std::uint64_t place) noexcept {
        // relaxed: this process, or the one before it, wrote it
        const bool known = place_.load(std::memory_order_relaxed) == place;
        // crash: between the two stores, no message is noted
        count_.store(known ? count() + 1 : 1, std::memory_order_relaxed);  // relaxed: published by the place
        // sync: in hand - publishes how often it was delivered
        place_.store(place, std::memory_order_release);
    }
    void forget() noexcept { place_.store(0, std::memory_order_relaxed); }  // relaxed: there is nothing before it
    void begin_actor() noexcept {
        forget();
        count_.store(0, std::memory_order_relaxed);  // relaxed: published by the id
    }

private:
    std::atomic<std::uint64_t> place_;
    std::atomic<std::uint32_t> count_;
};

// When the handler of an actor that has a deadline began, on the steady clock, ns; 0: none runs.
class handler_clock {
public:
    std::uint64_t began() const noexcept {
        // sync: handling - observes when the handler began
        return began_.load(std::memory_order_acquire);
    }
    void begin(std::uint64_t now) noexcept {
        // sync: handling - publishes when the handler began, to the keeper
        began_.store(now, std::memory_order_release);
    }
    void end() noexcept { began_.store(0, std::memory_order_relaxed); }  // relaxed: there is nothing before it
    const std::atomic<std::uint64_t>& word() const noexcept { return began_; }

private:
    std::atomic<std::uint64_t> began_;
};

// The message whose handler runs, or ran when the process ended. Written by the process; the keeper and the supervisor
// read it when that is dead.
struct message_handling {
    base::published<std::uint32_t> type;  // type_id; 0: none
    base::published<std::uint32_t> hung;  // 1: killed by the keeper, because the handler ran too long
    delivery_note delivery;               // of an actor whose messages are delivered again
    handler_clock clock;                  // of one whose handlers have a deadline

    void begin_actor() noexcept { delivery.begin_actor(); }
    void begin_process() noexcept {
        type.set(0);
        hung.set(0);
        clock.end();
    }
};

// A request that a supervised actor has taken and not yet answered. Written by its process; the keeper tells whoever
// asked when that process ends.
class request_in_hand {
public:
    // The position of its record + 1; 0: no request.
    std::uint64_t place() const noexcept {
        return place_.load(std::memory_order_relaxed);  // relaxed: this process wrote it, or one that is dead
    }
    detail::actor_id asker() const noexcept { return asker_.get(); }
    std::uint64_t request() const noexcept { return request_.get(); }
    // `request`: number:32 << 32 | incarnation of the asker:32.
    void note(std::uint64_t place, detail::actor_id asker, std::uint64_t request) noexcept {
        asker_.set(asker);
        request_.set(request);
        // sync: in hand - publishes who asked
        place_.store(place, std::memory_order_release);
    }
    void clear() noexcept { place_.store(0, std::memory_order_relaxed); }  // relaxed: there is nothing before it
    std::uint64_t take() noexcept {
        return place_.exchange(0, std::memory_order_acquire);  // sync: in hand - observes who asked
    }

private:
    std::atomic<std::uint64_t> place_;
    base::published<detail::actor_id> asker_;
    base::published<std::uint64_t> request_;
};
inline constexpr std::size_t most_in_hand = 128;

}  // namespace troupe::shm
