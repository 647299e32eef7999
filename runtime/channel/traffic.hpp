// What a process remembers of the messages that came and went last: it decides by that how long it spins, and how it
// sends.
#pragma once

#include <cstdint>
#include <utility>

namespace troupe::channel {

class traffic {
public:
    // Where the sender ran: who shares its CPU does not spin.
    void note_received(std::uint8_t cpu) noexcept {
        peer_cpu_ = cpu;
        sent_in_a_row_ = 0;
    }
    std::uint8_t peer_cpu() const noexcept { return peer_cpu_; }

    void note_sent() noexcept {
        sent_ = true;
        ++sent_in_a_row_;
    }
    // It stands in a line, or meets others: whoever goes on before it is not slowed by its looks, and it should be
    // quick.
    void note_in_line() noexcept { sent_ = true; }
    // Whether anything was sent, or it got in line, since this was last asked.
    bool has_sent() noexcept { return std::exchange(sent_, false); }
    // Whether several messages were sent since the last one came.
    bool streams() const noexcept { return sent_in_a_row_ > 4; }

    // It waits for more others than there are CPUs: they need this one.
    void join_crowd() noexcept { ++crowds_; }
    void leave_crowd() noexcept { --crowds_; }
    bool in_crowd() const noexcept { return crowds_ != 0; }

private:
    std::uint8_t peer_cpu_ = 0xff;
    bool sent_ = false;
    std::uint16_t crowds_ = 0;
    std::uint32_t sent_in_a_row_ = 0;
};

}  // namespace troupe::channel
