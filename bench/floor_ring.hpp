// The floor's rings, for shared memory: nothing survives a death here, and nobody sleeps. They show what the machine
// can do at best; a queue that recovers, types its messages and parks its readers has these to be compared with.
#pragma once

#include <sched.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace bench {

inline void pause_cpu() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// One sender, one receiver. Indices count slots and never wrap; each side keeps a copy of the other's.
template <class M, std::size_t Slots, std::size_t Batch>
class spsc_ring {
public:
    void send(const M& message) noexcept {
        while (next_sent_ - head_seen_ == Slots) {
            publish();
            // sync: ring_head - observes that the receiver has left the slot
            head_seen_ = head_.load(std::memory_order_acquire);
            if (next_sent_ - head_seen_ == Slots) pause_cpu();
        }
        slots_[next_sent_ % Slots] = message;
        if (++next_sent_ % Batch == 0) publish();
    }
    // sync: ring_tail - publishes the slots before it
    void publish() noexcept { tail_.store(next_sent_, std::memory_order_release); }

    M receive() noexcept {
        while (next_received_ == tail_seen_) {
            // sync: ring_tail - observes the slots before it
            tail_seen_ = tail_.load(std::memory_order_acquire);
            if (next_received_ == tail_seen_) pause_cpu();
        }
        const M message = slots_[next_received_ % Slots];
        // sync: ring_head - publishes that the slot may be written again
        if (++next_received_ % Batch == 0) head_.store(next_received_, std::memory_order_release);
        return message;
    }

private:
    alignas(128) std::atomic<std::uint64_t> tail_{0};
    alignas(128) std::atomic<std::uint64_t> head_{0};
    alignas(128) std::uint64_t next_sent_ = 0, head_seen_ = 0;
    alignas(128) std::uint64_t next_received_ = 0, tail_seen_ = 0;
    alignas(128) std::array<M, Slots> slots_;
};

// Many senders, one receiver: a sender takes a slot with one swap of the tail. One killed before it has filled its slot
// stops everybody for ever.
template <class M, std::size_t Slots>
class tail_swap_ring {
public:
    void send(const M& message) noexcept {
        // relaxed: the slot's word orders the message; this only deals out slots
        const std::uint64_t mine = tail_.fetch_add(1, std::memory_order_relaxed);
        slot& to = slots_[mine % Slots];
        wait_for(to, mine / Slots * 2);
        to.message = message;
        // sync: slot_word - publishes the message
        to.word.store(mine / Slots * 2 + 1, std::memory_order_release);
    }
    M receive() noexcept {
        slot& from = slots_[next_received_ % Slots];
        wait_for(from, next_received_ / Slots * 2 + 1);
        const M message = from.message;
        // sync: slot_word - publishes that the slot may be written again
        from.word.store(next_received_ / Slots * 2 + 2, std::memory_order_release);
        ++next_received_;
        return message;
    }

private:
    struct alignas(64) slot {
        std::atomic<std::uint64_t> word{0};  // twice the laps it was emptied in, and one while it is full
        M message;
    };

    // More processes than CPUs: whoever has waited for a while lets the others run.
    static void wait_for(const slot& one, std::uint64_t word) noexcept {
        constexpr int glances_a_turn = 200;
        // sync: slot_word - observes that the slot was emptied, or filled
        for (int i = 1; one.word.load(std::memory_order_acquire) != word; ++i) {
            if (i % glances_a_turn == 0) {
                sched_yield();
            } else {
                pause_cpu();
            }
        }
    }

    alignas(128) std::atomic<std::uint64_t> tail_{0};
    alignas(128) std::uint64_t next_received_ = 0;
    alignas(128) std::array<slot, Slots> slots_;
};

// A T in memory that the children made from now on share, all of it touched.
template <class T>
class shared {
public:
    shared() : at_(mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0)) {
        if (at_ == MAP_FAILED) throw std::bad_alloc();
        new (at_) T();
    }
    ~shared() { munmap(at_, sizeof(T)); }
    shared(const shared&) = delete;
    shared& operator=(const shared&) = delete;

    T* operator->() const noexcept { return static_cast<T*>(at_); }
    T& operator*() const noexcept { return *static_cast<T*>(at_); }

private:
    void* at_;
};

}  // namespace bench
