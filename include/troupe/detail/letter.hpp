#pragma once

#include <cstddef>
#include <cstdint>

#include <troupe/detail/message_frame.hpp>
#include <troupe/detail/outgoing.hpp>

namespace troupe::detail {

class port;

// A message in hand: still in the ring, or in a block beside it, until `finish_letter`.
struct letter {
    port* from = nullptr;
    std::uint64_t position = 0;  // of its record
    std::byte* payload = nullptr;
    std::uint32_t bytes = 0;
    std::uint8_t kind = 0;
    std::uint16_t part = 0;  // which one of a batch
    message_frame frame;
    std::uint64_t block = 0;
    incoming content;
};
void finish_letter(letter& taken) noexcept;

}  // namespace troupe::detail
