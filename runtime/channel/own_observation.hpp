// What this process writes down while somebody observes it: how long messages take, and each event.
//
// Once a turn it looks whether the program's observation has changed, on a line that hardly ever changes. While nobody
// observes, that look and a branch on a null pointer, for each message, is all that there is. What it writes to are
// blocks that the keeper has taken and named (shm/observed_block.hpp says how both agree on when they are free again).
// A process that sleeps follows no observation, and is not woken for one.
//
// Who dies in the middle of this leaves blocks that the keeper frees, or that the next process of the actor goes on in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <troupe/detail/letter.hpp>
#include <troupe/detail/message_frame.hpp>

#include "shm/channel_id.hpp"
#include "shm/program_memory.hpp"
#include "shm/timing.hpp"
#include "shm/trace.hpp"

namespace troupe::channel {

class own_observation {
public:
    own_observation(shm::program_memory& memory, shm::process_slot& self) noexcept;

    // Before each turn, and when the process is awake.
    void look() noexcept {
        const shm::observation::value now = memory_.header().observation.get();
        if (now.number != seen_) [[unlikely]]
            follow(now);
    }
    // Before it sleeps, after all that is to be traced.
    void before_sleep() noexcept {
        if (follows_) [[unlikely]]
            leave();
    }

    bool traces() const noexcept { return trace_ != nullptr; }
    bool times() const noexcept { return timing_ != nullptr; }

    // A record was committed to the ring of the channel, or a message taken out of it.
    void note_sent(const detail::message_frame& frame, shm::channel_id channel, std::uint64_t position,
                   std::size_t bytes) noexcept {
        if (trace_ != nullptr) [[unlikely]]
            note_record(shm::event_kind::sent, frame, channel, position, bytes);
    }
    void note_taken(const detail::message_frame& frame, shm::channel_id channel, std::uint64_t position,
                    std::size_t bytes) noexcept {
        if (!follows_) [[likely]]
            return;
        if (timing_ != nullptr) note_queued(frame);
        if (trace_ != nullptr) note_record(shm::event_kind::taken, frame, channel, position, bytes);
    }
    // What else is written into the recorder. Handlers, and that the process began, are left out: they come otherwise.
    void note(const shm::event& one) noexcept {
        if (trace_ != nullptr) [[unlikely]]
            note_event(one);
    }
    // A handler begins, and ends. `handler` tells one from another while both run.
    void begin_handling(const void* handler, const detail::letter& message) noexcept {
        if (follows_) [[unlikely]]
            note_begun(handler, message);
    }
    void end_handling(const void* handler) noexcept {
        if (follows_ || any_open_) [[unlikely]]
            note_ended(handler);
    }

    // While messages are timed: marks the frame of a message that is no request with the time of its sending, in µs.
    void stamp(detail::message_frame& frame) noexcept {
        if (timing_ != nullptr) [[unlikely]]
            stamp_finely(frame);
    }

private:
    struct open_handler {
        const void* handler = nullptr;  // null: the place is free
        std::uint64_t began = 0;        // ns
        std::uint32_t type = 0;
        std::uint32_t number = 0;
    };
    // More of them than this, and those that come then are not timed.
    static constexpr std::size_t most_open = 16;

    void follow(shm::observation::value now) noexcept;
    void leave() noexcept;
    void note_birth() noexcept;
    void note_record(shm::event_kind kind, const detail::message_frame& frame, shm::channel_id channel,
                     std::uint64_t position, std::size_t bytes) noexcept;
    void note_event(const shm::event& one) noexcept;
    void note_queued(const detail::message_frame& frame) noexcept;
    void note_begun(const void* handler, const detail::letter& message) noexcept;
    void note_ended(const void* handler) noexcept;
    static void stamp_finely(detail::message_frame& frame) noexcept;

    shm::program_memory& memory_;
    shm::process_slot& self_;
    shm::timing_block* timing_ = nullptr;
    shm::trace_block* trace_ = nullptr;
    std::uint32_t seen_ = 0;  // the number of the observation that was looked at last
    bool follows_ = false;    // the blocks above are in use
    bool any_open_ = false;
    std::uint32_t handlers_ = 0;  // that began while it followed
    std::array<open_handler, most_open> open_{};
};

}  // namespace troupe::channel
