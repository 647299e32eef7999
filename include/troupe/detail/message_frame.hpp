#pragma once

#include <cstdint>

namespace troupe::detail {

enum message_flag : std::uint8_t {
    flat_message = 1,
    asks = 2,         // it is a request
    timed = 4,        // it is neither a request nor a reply, and says when it was sent
    timed_in_us = 8,  // the same, in the low bits of µs
};

// What stands before every message in its record. 16 bytes: with them and the record's own word a message of 40 bytes
// fills one granule.
struct message_frame {
    std::uint32_t type = 0;  // type_id of the message; of a reply, what it is: see reply_kind
    std::uint8_t flags = 0;
    std::uint8_t cpu = 0;       // where its sender ran
    std::uint16_t writer = 0;   // owner number of its process
    std::uint32_t request = 0;  // of a request and its reply: which one; of others: the turn they were sent in, ms
    std::uint32_t target = 0;   // low bits of the receiving actor's serial: a ring that has a new owner drops what was
                                // meant for the old one

    bool is_request() const noexcept { return (flags & asks) != 0; }
    bool is_timed() const noexcept { return (flags & timed) != 0; }
};
static_assert(sizeof(message_frame) == 16);

}  // namespace troupe::detail
