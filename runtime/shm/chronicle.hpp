// What a process writes down of what it does and waits for, so that somebody who looks in from outside can say so: one
// page of shared memory for each slot. Nobody inside the program reads it but the keeper, when the process is dead.
//
// Each part is written by one party at a time: the process, or the keeper before it is born and after it is dead. All
// of it may be read at any moment, also in the middle of a store, and a reader takes it for what it is: input.
//
// Times are milliseconds of CLOCK_MONOTONIC, and those of the turn in which something was done: no clock is read for
// them. Where a time has 32 bits only, it means the last moment that has these, which is right for 49 days.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/machine.hpp"
#include "base/published.hpp"
#include "base/waited_for.hpp"
#include "shm/shared_text.hpp"

namespace troupe::shm {

// --- What it does

// A kind of message, and the low bits of whom or what it went to or came from.
struct message_note {
    std::uint32_t type = 0;
    std::uint32_t channel = 0;  // the low bits of its channel_id
};

// Counts and moments of one process, each by itself: relaxed, because nothing else is read through them.
struct alignas(base::line_bytes) activity {
    base::published<std::uint64_t> turn;         // when the turn that runs began, ms
    base::published<std::uint64_t> handling_at;  // when the handler that runs began, ms; 0: between messages
    // Since when it sleeps, ms; 0: it is awake, and what stands in its waiting list is that of the sleep before. Set
    // while the list is written, so whoever reads it between two looks at the version has both of one sleep.
    base::published<std::uint64_t> asleep_at;
    base::published<std::uint64_t> handled;  // messages whose handlers have ended
    base::published<std::uint64_t> sent;     // records, of whatever channel
    base::published<std::uint64_t> taken;
    base::published<message_note> last_sent;
    base::published<message_note> last_taken;
    base::published<std::uint64_t> handling_of;   // the actor whose message is, or was last, in hand; 0: not known
    base::published<std::uint32_t> recording_in;  // the observation that it follows: see observation
    base::published<std::uint64_t> task;          // of a pool's worker: of which function it has tasks in hand; 0: none

    void begin_process() noexcept {
        turn.set(0);
        handling_at.set(0);
        asleep_at.set(0);
        handled.set(0);
        sent.set(0);
        taken.set(0);
        last_sent.set({});
        last_taken.set({});
        handling_of.set(0);
        recording_in.set(0);
        task.set(0);
    }
};
static_assert(sizeof(activity) == base::line_bytes);

// Where it writes more of what it does while somebody observes it: blocks that the keeper has taken, 0 for none.
// Written by the keeper.
struct alignas(base::line_bytes) observation_blocks {
    base::published<std::uint64_t> timing;
    base::published<std::uint64_t> trace;
};

// --- What it waits for

using base::last_waiting_kind;
using base::waited_for;
using base::waiting_kind;

// All that a process waits for while it sleeps. Written before a sleep, if it has changed, under a version that is odd
// meanwhile.
class waiting_list {
public:
    static constexpr std::size_t most = 12;

    struct content {
        std::array<waited_for, most> entries;
        std::size_t count = 0;  // of the entries
        std::size_t more = 0;   // that found no place, at least
    };

    // The version is even before and after, and the same, if what was read is whole.
    // sync: waiting list - observes the entries
    std::uint32_t version() const noexcept { return version_.load(std::memory_order_acquire); }
    // To be checked after has_read, by the version.
    content read() const noexcept {
        content it;
        it.count = count_.get() < most ? count_.get() : most;
        it.more = more_.get();
        for (std::size_t i = 0; i < it.count; ++i) {
            const entry& one = entries_[i];
            const std::uint64_t what = one.what.get();
            it.entries[i] = {static_cast<waiting_kind>(what & 0xff),
                             static_cast<std::uint32_t>(what >> 32),
                             one.of.get(),
                             one.number.get(),
                             one.since.get(),
                             one.waiter.get()};
        }
        return it;
    }

    // By the process.
    void begin() noexcept {
        // relaxed: one process writes, and the fence orders it for whoever reads
        version_.store(version_.load(std::memory_order_relaxed) | 1, std::memory_order_relaxed);
        about_to_write();
        count_.set(0);
        more_.set(0);
    }
    void add(const waited_for& one) noexcept {
        const std::uint32_t at = count_.get();
        if (at == most) {
            more_.set(more_.get() + 1);
            return;
        }
        entry& into = entries_[at];
        into.what.set(static_cast<std::uint64_t>(one.kind) | std::uint64_t{one.type} << 32);
        into.of.set(one.of);
        into.number.set(one.number);
        into.since.set(one.since);
        into.waiter.set(one.waiter);
        count_.set(at + 1);
    }
    void end() noexcept {
        // relaxed: only this process writes
        const std::uint32_t now = version_.load(std::memory_order_relaxed);
        version_.store(now + 1, std::memory_order_release);  // sync: waiting list - publishes the entries
    }
    // crash: a version that stays odd; the reader says that it does not know, and the next process goes on with it
    void begin_process() noexcept {
        begin();
        end();
    }

private:
    struct entry {
        base::published<std::uint64_t> what;  // kind:8 | 0:24 | type:32
        base::published<std::uint64_t> of;
        base::published<std::uint64_t> since;
        base::published<std::uint64_t> waiter;
        base::published<std::uint32_t> number;
    };
    std::atomic<std::uint32_t> version_;
    base::published<std::uint32_t> count_;
    base::published<std::uint32_t> more_;
    std::array<entry, most> entries_;
};

// "file:line" of the await that the first entry of the waiting list stands for: the user's own, where there is one. Of
// a longer path, the end.
struct whereabouts {
    char text[128];  // by the version of the waiting list
};

// --- What it did last

enum class event_kind : std::uint8_t {
    none,
    began,     // the process; `position`: its incarnation
    handling,  // took a message, and its handler begins; `peer`: its sender's slot
    handled,   // that handler has ended; of one that ended in the turn in which it began, only the next event tells
    asked,     // `peer`: whom; `position`: the number of the request
    answered,  // the same
    refused,   // the same, without an answer
    spawned,   // `peer`: the slot of the new one
    woke,
    slept,
    ended,  // by the keeper
    sent,   // only while somebody traces, as the next; `peer`: the low bits of the channel; `position`: in its ring
    taken,
};
inline constexpr event_kind last_event_kind = event_kind::taken;

struct event {
    event_kind kind = event_kind::none;
    std::uint8_t size = 0;  // of the message: as many bits as its bytes take
    std::uint16_t peer = 0xffff;
    std::uint32_t type = 0;
    std::uint32_t position = 0;
    std::uint32_t ms = 0;  // the low bits

    // As it is written down:
    std::uint64_t first_word() const noexcept {  // kind:8 | size:8 | peer:16 | type:32
        return static_cast<std::uint64_t>(kind) | std::uint64_t{size} << 8 | std::uint64_t{peer} << 16 |
               std::uint64_t{type} << 32;
    }
    std::uint64_t second_word() const noexcept {  // position:32 | ms:32
        return std::uint64_t{position} | std::uint64_t{ms} << 32;
    }
    static event of(std::uint64_t first, std::uint64_t second) noexcept {
        return {static_cast<event_kind>(first & 0xff),
                static_cast<std::uint8_t>(first >> 8 & 0xff),
                static_cast<std::uint16_t>(first >> 16 & 0xffff),
                static_cast<std::uint32_t>(first >> 32),
                static_cast<std::uint32_t>(second),
                static_cast<std::uint32_t>(second >> 32)};
    }
};

// The last events of a process, and of those of its slot before it. It outlives the process. An event counts when the
// count says so, so whoever dies in the middle of one has not written it.
class recorder {
public:
    static constexpr std::size_t capacity = 199;

    // By its owner.
    void note(const event& one) noexcept {
        const std::uint64_t at = count_.load(std::memory_order_relaxed);  // relaxed: one process writes
        slot& into = slots_[at % capacity];
        about_to_write();
        into.first.set(one.first_word());
        into.second.set(one.second_word());
        count_.store(at + 1, std::memory_order_release);  // sync: recorder - publishes the event
    }

    // How many there were ever. What a reader has copied of them is good if the count has grown by less than `capacity`
    // minus what it copied, when it looks again after has_read.
    // sync: recorder - observes the events
    std::uint64_t count() const noexcept { return count_.load(std::memory_order_acquire); }
    event at(std::uint64_t number) const noexcept {
        const slot& from = slots_[number % capacity];
        return event::of(from.first.get(), from.second.get());
    }

private:
    struct slot {
        base::published<std::uint64_t> first;
        base::published<std::uint64_t> second;
    };
    std::atomic<std::uint64_t> count_;
    std::array<slot, capacity> slots_;
};

// --- All of it

struct alignas(base::page_bytes) chronicle {
    activity doing;
    observation_blocks observed;
    alignas(base::line_bytes) waiting_list waiting;
    alignas(base::line_bytes) whereabouts where;
    alignas(base::line_bytes) recorder last;

    // By whoever starts the process, before its life says so.
    void begin_process() noexcept {
        doing.begin_process();
        waiting.begin_process();
        store_text(where.text, "");
    }
};
static_assert(sizeof(chronicle) == base::page_bytes);

}  // namespace troupe::shm
