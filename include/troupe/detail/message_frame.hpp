#pragma once

#include <cstdint>

namespace troupe::detail {

// What stands before every message in its record. 16 bytes: with them and the record's own word a message of 40 bytes
// fills one granule.
struct message_frame {
    std::uint32_t type = 0;  // type_id of the message; of a reply, what it is: see reply_kind
    std::uint8_t flags = 0;
    std::uint8_t cpu = 0;       // where its sender ran
    std::uint16_t writer = 0;   // owner number of its process
    std::uint32_t request = 0;  // of a request and its reply: which one; otherwise 0
    std::uint32_t target = 0;   // low bits of the receiving actor's serial: a ring that has a new owner drops what was
                                // meant for the old one
};
static_assert(sizeof(message_frame) == 16);

enum message_flag : std::uint8_t { flat_message = 1 };

}  // namespace troupe::detail
