#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <troupe/detail/message_frame.hpp>
#include <troupe/detail/outgoing.hpp>

namespace troupe::channel {
class inbox;
}

namespace troupe::detail {

// A message in hand: still in the ring, or in a block beside it, until `finish_letter`.
struct letter {
    channel::inbox* from = nullptr;
    std::uint64_t position = 0;  // of its record
    std::byte* payload = nullptr;
    std::uint32_t bytes = 0;
    std::uint8_t kind = 0;
    std::uint16_t part = 0;  // which one of a batch
    message_frame frame;
    std::uint64_t block = 0;
    incoming content;
    const void* own = nullptr;  // of a message that came through no ring

    // What stands behind the frame in its record.
    std::span<const std::byte> body() const noexcept { return {payload + sizeof frame, bytes - sizeof frame}; }
};
void finish_letter(letter& taken) noexcept;

}  // namespace troupe::detail
