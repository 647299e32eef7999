// What an actor does, event by event, while somebody traces it: a block of 256 KiB for each actor, in a circle. See
// observed_block.
//
// One process writes, or the keeper when that is dead, and nobody waits for a reader: what was not read in time is
// overwritten, and the count tells a reader how much that was. An event counts when the count says so, so whoever dies
// in the middle of one has not written it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shm/chronicle.hpp"
#include "shm/observed_block.hpp"

namespace troupe::shm {

// As an event of the recorder, with a finer time.
struct traced_event {
    event what;               // its `ms` is 0
    std::uint32_t other = 0;  // of a record that was sent or taken: the low bits of its channel_id. Of a handler: which
                              // one it is, so that its end finds it; 0: it began before the trace
    std::uint64_t ns = 0;     // of the monotonic clock
};

// How it stands in the block; also what a reader has copied.
struct trace_entry {
    base::published<std::uint64_t> first;   // kind:8 | size:8 | peer:16 | type:32
    base::published<std::uint64_t> second;  // position:32 | other:32
    base::published<std::uint64_t> ns;

    void set(const traced_event& one) noexcept {
        first.set(static_cast<std::uint64_t>(one.what.kind) | std::uint64_t{one.what.size} << 8 |
                  std::uint64_t{one.what.peer} << 16 | std::uint64_t{one.what.type} << 32);
        second.set(std::uint64_t{one.what.position} | std::uint64_t{one.other} << 32);
        ns.set(one.ns);
    }
    traced_event get() const noexcept {
        const std::uint64_t one = first.get();
        const std::uint64_t two = second.get();
        traced_event it;
        it.what.kind = static_cast<event_kind>(one & 0xff);
        it.what.size = static_cast<std::uint8_t>(one >> 8 & 0xff);
        it.what.peer = static_cast<std::uint16_t>(one >> 16 & 0xffff);
        it.what.type = static_cast<std::uint32_t>(one >> 32);
        it.what.position = static_cast<std::uint32_t>(two);
        it.other = static_cast<std::uint32_t>(two >> 32);
        it.ns = ns.get();
        return it;
    }
};

// What a block begins with; also what a reader has copied.
class trace_head {
public:
    observed_block head;

    // How many events there were ever, in this block.
    // sync: trace - observes the events
    std::uint64_t count() const noexcept { return count_.load(std::memory_order_acquire); }

protected:
    std::atomic<std::uint64_t> count_;
};

class trace_block : public trace_head {
public:
    static constexpr std::size_t bytes = std::size_t{256} << 10;
    static constexpr std::size_t entries_at = 128;
    static constexpr std::size_t capacity = (bytes - entries_at) / sizeof(trace_entry);

    // By the keeper.
    void begin(std::uint32_t slot, std::uint32_t number, std::uint32_t incarnation) noexcept {
        count_.store(0, std::memory_order_relaxed);  // relaxed: published with the block
        head.begin(observed_content::trace, slot, number, incarnation);
    }
    // By the process; by the keeper when that is dead.
    void note(const traced_event& one) noexcept {
        const std::uint64_t at = count_.load(std::memory_order_relaxed);  // relaxed: one party writes
        about_to_write();
        entries_[at % capacity].set(one);
        count_.store(at + 1, std::memory_order_release);  // sync: trace - publishes the event
    }

    static constexpr std::size_t offset_of(std::uint64_t number) noexcept {
        return entries_at + static_cast<std::size_t>(number % capacity) * sizeof(trace_entry);
    }

private:
    alignas(entries_at) std::array<trace_entry, capacity> entries_;
};
inline constexpr std::size_t trace_bytes = trace_block::bytes;
static_assert(sizeof(trace_block) <= trace_bytes);

}  // namespace troupe::shm
