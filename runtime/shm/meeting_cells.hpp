// The words of a semaphore, an event and a barrier: what lies in their cells.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/published.hpp"
#include "shm/lock_place.hpp"

namespace troupe::shm {

inline constexpr std::uint32_t most_permits = (1u << 20) - 1;

// free:20 | account of the last change:22 | its number:22.
struct permit_value {
    std::uint32_t free = 0;
    place_number account;
    std::uint32_t number = 0;

    static constexpr std::uint32_t number_mask = (1u << 22) - 1;

    std::uint64_t pack() const noexcept {
        return std::uint64_t{free & most_permits} | std::uint64_t{account.value} << 20 |
               std::uint64_t{number & number_mask} << 42;
    }
    static permit_value unpack(std::uint64_t word) noexcept {
        return {static_cast<std::uint32_t>(word & most_permits),
                {static_cast<std::uint32_t>(word >> 20 & number_mask)},
                static_cast<std::uint32_t>(word >> 42)};
    }
    friend bool operator==(const permit_value&, const permit_value&) = default;
};

class permit_word {
public:
    permit_value get() const noexcept {
        // sync: permits - observes the last change, and what is meant by it
        return permit_value::unpack(word_.load(std::memory_order_seq_cst));
    }
    bool swap(permit_value from, permit_value to) noexcept {
        std::uint64_t expected = from.pack();
        // sync: permits - publishes the change, before whoever makes it looks for somebody who waits
        return word_.compare_exchange_strong(expected, to.pack(), std::memory_order_seq_cst);
    }
    void begin(std::uint32_t permits) noexcept {
        word_.store(permit_value{permits, {}, 0}.pack(), std::memory_order_relaxed);  // relaxed: published by the name
    }

private:
    std::atomic<std::uint64_t> word_;
};

// Whoever is at the turnstile sleeps until permits come back.
class turnstile_flag {
public:
    // sync: turnstile - publishes that somebody sleeps there, before it looks once more
    void set() noexcept { word_.store(1, std::memory_order_seq_cst); }
    // sync: turnstile - observes, after permits came back, that somebody sleeps there
    bool get() const noexcept { return word_.load(std::memory_order_seq_cst) != 0; }
    void clear() noexcept { word_.store(0, std::memory_order_relaxed); }  // relaxed: at worst a ring in vain

private:
    std::atomic<std::uint32_t> word_;
};

struct semaphore_cell {
    permit_word permits;
    turnstile_flag sleeps;
};

// is set:1 | how often it was set:63.
struct event_value {
    bool set = false;
    std::uint64_t times = 0;
};

class event_cell {
public:
    event_value get() const noexcept {
        // sync: event - observes what was done before it was set
        const std::uint64_t word = word_.load(std::memory_order_seq_cst);
        return {(word & 1) != 0, word >> 1};
    }
    void set() noexcept {
        std::uint64_t seen = word_.load(std::memory_order_relaxed);  // relaxed: the swap decides
        // crash: set, and those that sleep are not rung; the keeper rings them
        // sync: event - publishes what was done before it is set
        while (!word_.compare_exchange_weak(seen, (((seen >> 1) + 1) << 1) | 1, std::memory_order_seq_cst)) {
        }
    }
    void clear() noexcept {
        // sync: event - publishes that it is not set, and observes what was done before it was
        word_.fetch_and(~std::uint64_t{1}, std::memory_order_seq_cst);
    }

private:
    std::atomic<std::uint64_t> word_;
};

// round:47 | arrived:16 | broken:1.
struct barrier_value {
    std::uint64_t round = 0;
    std::uint32_t arrived = 0;
    bool broken = false;

    std::uint64_t pack() const noexcept {
        return round << 17 | std::uint64_t{arrived & 0xffff} << 1 | (broken ? 1 : 0);
    }
    static barrier_value unpack(std::uint64_t word) noexcept {
        return {word >> 17, static_cast<std::uint32_t>(word >> 1 & 0xffff), (word & 1) != 0};
    }
};

class barrier_word {
public:
    barrier_value get() const noexcept {
        // sync: barrier - observes what the others did before they arrived, or who broke it
        return barrier_value::unpack(word_.load(std::memory_order_seq_cst));
    }
    bool swap(barrier_value from, barrier_value to) noexcept {
        std::uint64_t expected = from.pack();
        // sync: barrier - publishes what was done before this arrival, or who breaks it
        return word_.compare_exchange_strong(expected, to.pack(), std::memory_order_seq_cst);
    }

private:
    std::atomic<std::uint64_t> word_;
};

// Who broke a barrier: the first that says so.
class breaker_word {
public:
    // sync: breaker - observes that somebody breaks it
    std::uint64_t get() const noexcept { return word_.load(std::memory_order_acquire); }
    bool claim(std::uint64_t actor) noexcept {
        std::uint64_t nobody = 0;
        // sync: breaker - publishes that somebody breaks it
        return word_.compare_exchange_strong(nobody, actor, std::memory_order_acq_rel);
    }
    // By whoever has claimed it, and does not break it after all.
    void withdraw() noexcept { word_.store(0, std::memory_order_relaxed); }  // relaxed: there is nothing to publish

private:
    std::atomic<std::uint64_t> word_;
};

struct barrier_cell {
    barrier_word word;
    base::published<std::uint32_t> parties;  // published by the cell's name
    breaker_word breaker;                    // an actor
    base::published<std::uint64_t> end;      // how it ended, as in the exit log; 0: it lives. Published by `word`

    // Returns false if it was broken before, or if `round` is over. A dead party breaks whatever round it is.
    bool break_in(std::uint64_t round, std::uint64_t actor, std::uint64_t how) noexcept {
        return break_while([round](const barrier_value& now) { return now.round == round; }, actor, how);
    }
    bool break_now(std::uint64_t actor, std::uint64_t how) noexcept {
        return break_while([](const barrier_value&) { return true; }, actor, how);
    }

private:
    template <class Holds>
    bool break_while(Holds holds, std::uint64_t actor, std::uint64_t how) noexcept {
        bool first = false;
        barrier_value now = word.get();
        for (; !now.broken && holds(now); now = word.get()) {
            // crash: named, and not broken; its own end breaks it
            if (breaker.claim(actor)) {
                first = true;
                end.set(how);
            }
            // crash: broken, and those that sleep are not rung; the keeper rings them
            if (word.swap(now, {now.round, now.arrived, true})) return true;
        }
        if (first && !now.broken) breaker.withdraw();
        return false;
    }
};

}  // namespace troupe::shm
