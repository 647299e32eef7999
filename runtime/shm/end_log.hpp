// How processes ended, each with what is known of it: the last 512 of the program, a page each.
//
// The slot of an actor, and the page of its post-mortem, know its last end alone. This log keeps those before it. The
// keeper writes it, at each death, before it says that the actor has ended; nobody else does.
//
// crash: the keeper is a thread of the program, and when that dies, nobody is left who reads
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <troupe/detail/actor_id.hpp>

#include "base/machine.hpp"
#include "base/post_mortem.hpp"
#include "base/published.hpp"
#include "shm/chronicle.hpp"
#include "shm/segment.hpp"
#include "shm/shared_text.hpp"

namespace troupe::shm {

struct alignas(base::page_bytes) end_record {
    static constexpr std::size_t most_events = 48;

    // Which end of the program this is, from 1 on; 0 while it is written, and before.
    class number_word {
    public:
        // sync: end log - observes the record
        std::uint64_t get() const noexcept { return number_.load(std::memory_order_acquire); }
        void begin() noexcept {
            number_.store(0, std::memory_order_relaxed);  // relaxed: ordered by the fence
            about_to_write();
        }
        // sync: end log - publishes the record
        void set(std::uint64_t number) noexcept { number_.store(number, std::memory_order_release); }

    private:
        std::atomic<std::uint64_t> number_;
    } number;

    base::published<detail::actor_id> actor;
    base::published<std::uint64_t> end;          // as in the exit log
    base::published<std::int64_t> at;            // ns of the clock on the wall
    base::published<std::uint64_t> ms;           // of the monotonic clock
    base::published<std::uint64_t> entry;        // its function: registration::key
    base::published<std::uint64_t> peak_memory;  // bytes
    base::published<std::uint64_t> cpu_time;     // ns
    base::published<std::uint64_t> fault_address;
    base::published<detail::actor_id> from;  // whose message was in hand; none: it had none in hand
    base::published<std::int32_t> pid;
    base::published<std::uint32_t> incarnation;  // from 0 on
    base::published<std::uint32_t> restarts;     // before it
    base::published<std::uint32_t> message_type;
    base::published<std::uint32_t> deliveries;
    base::published<std::uint32_t> lost;  // messages that waited in its mailbox and went with it
    base::published<std::uint32_t> hung;
    base::published<std::uint32_t> limit;        // limit_reached
    base::published<std::int32_t> crash_signal;  // of its crash handler; 0: it did not run
    base::published<std::int32_t> crash_code;
    base::published<std::uint32_t> stack_overflow;
    base::published<std::uint32_t> wrote_to_frozen;
    base::published<std::uint32_t> frame_count;
    base::published<std::uint32_t> event_count;
    char name[64];
    char exception_type[128];
    char exception_text[256];
    struct frame {
        base::published<std::uint64_t> where;   // as base::raw_frame
        base::published<std::uint32_t> module;  // where its path begins in `modules`
    };
    std::array<frame, base::most_frames> frames;
    struct noted_event {
        base::published<std::uint64_t> first;  // of the event
        base::published<std::uint64_t> second;
    };
    std::array<noted_event, most_events> events;  // oldest first
    std::array<char, 2048> modules;               // paths, each with its zero
};
static_assert(sizeof(end_record) == base::page_bytes);

inline constexpr std::size_t end_log_records = 512;
inline constexpr std::size_t end_log_bytes = end_log_records * sizeof(end_record);

// The records, in turn. How many were ever written stands in the header, and says which have memory behind them.
class end_log {
public:
    end_log() = default;
    end_log(segment& memory, std::byte* records) : memory_(&memory), records_(records) {}

    // The place of the next one, with memory behind it; null without memory: that end is not kept.
    end_record* place_for(std::uint64_t number) const noexcept {
        end_record& it = record(number);
        return memory_->back(memory_->offset_of(&it), sizeof it) ? &it : nullptr;
    }
    const end_record& at(std::uint64_t number) const noexcept { return record(number); }
    std::size_t offset_of(std::uint64_t number) const noexcept { return memory_->offset_of(&record(number)); }

private:
    end_record& record(std::uint64_t number) const noexcept {
        return reinterpret_cast<end_record*>(records_)[(number - 1) % end_log_records];
    }

    segment* memory_ = nullptr;
    std::byte* records_ = nullptr;
};

}  // namespace troupe::shm
