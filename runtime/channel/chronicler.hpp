// The process's own way to its page of shm/chronicle: what it does, what it waits for, and what it did last.
//
// All of it is for those who look in from outside, and nothing in the program depends on it. So each store is relaxed,
// goes to lines that this process alone writes, and has the time of the turn; no clock is read for it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <source_location>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/letter.hpp>
#include <troupe/detail/message_frame.hpp>
#include <troupe/detail/ready_queue.hpp>

#include "channel/own_observation.hpp"
#include "shm/channel_id.hpp"
#include "shm/chronicle.hpp"

namespace troupe::loop {
class event_loop;
class wait_notes;
}  // namespace troupe::loop

namespace troupe::channel {

class chronicler {
public:
    chronicler(shm::chronicle& page, own_observation& observation) noexcept : page_(page), observation_(observation) {}
    chronicler(const chronicler&) = delete;
    chronicler& operator=(const chronicler&) = delete;

    // This process is there. The clock is read once, because no turn has been yet.
    void begin(std::uint32_t incarnation) noexcept;
    void turn_began(std::uint64_t ms) noexcept { page_.doing.turn.set(ms); }

    // Every record that is sent, or taken, comes by here once.
    void note_sent(const detail::message_frame& frame, shm::channel_id channel) noexcept {
        shm::activity& doing = page_.doing;
        doing.sent.set(doing.sent.get() + 1);
        doing.last_sent.set({frame.type, static_cast<std::uint32_t>(channel.value)});
    }
    void note_taken(const detail::message_frame& frame, shm::channel_id channel) noexcept {
        shm::activity& doing = page_.doing;
        doing.taken.set(doing.taken.get() + 1);
        doing.last_taken.set({frame.type, static_cast<std::uint32_t>(channel.value)});
    }

    // A handler is about to be called with the message. `from`: the actor that sent it; none if that is not known.
    void begin_handling(const detail::letter& message, detail::actor_id from) noexcept {
        shm::activity& doing = page_.doing;
        doing.handling_of.set(from.value);
        doing.handling_at.set(detail::ready.turn());
        note({.kind = shm::event_kind::handling,
              .size = static_cast<std::uint8_t>(std::bit_width(message.content.bytes.size())),
              .peer = from ? from.slot() : no_peer,
              .type = message.frame.type});
    }
    // An event of its own only if it took longer than its turn: otherwise the next event says so in the same ms.
    void end_handling(std::uint32_t type) noexcept {
        shm::activity& doing = page_.doing;
        doing.handled.set(doing.handled.get() + 1);
        const bool in_its_turn = doing.handling_at.get() == detail::ready.turn();
        doing.handling_at.set(0);
        if (!in_its_turn) note({.kind = shm::event_kind::handled, .type = type});
    }

    // One of `asked`, `answered` and `refused`.
    void note_request(shm::event_kind what, detail::actor_id with, std::uint32_t number,
                      std::uint32_t type = 0) noexcept {
        note({.kind = what, .peer = with.slot(), .type = type, .position = number});
    }
    void note_spawned(detail::actor_id actor) noexcept {
        note({.kind = shm::event_kind::spawned, .peer = actor.slot()});
    }

    void about_to_sleep(const loop::event_loop& loop) noexcept;
    void awake() noexcept;

private:
    static constexpr std::uint16_t no_peer = 0xffff;

    void note(shm::event one) noexcept {
        one.ms = static_cast<std::uint32_t>(detail::ready.turn());
        page_.last.note(one);
        observation_.note(one);
    }
    bool is_written(const loop::wait_notes& waits) const noexcept;
    void write(const loop::wait_notes& waits, std::uint64_t asleep_at) noexcept;
    void write_place(const std::source_location& place) noexcept;

    shm::chronicle& page_;
    own_observation& observation_;
    shm::waiting_list::content written_;  // as it stands in the page
    const char* written_file_ = nullptr;  // the place, the same
    std::uint_least32_t written_line_ = 0;
};

}  // namespace troupe::channel
