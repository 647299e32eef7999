// New channels.
#pragma once

#include <cstdint>

#include "channel/participant.hpp"

namespace troupe::channel {

// Of large messages: as many as the program's memory has room for.
inline constexpr std::uint64_t unbounded = ~std::uint64_t{0} >> 1;

struct channel_bounds {
    std::uint64_t capacity = shm::most_messages;    // messages
    std::uint64_t bytes = std::uint64_t{64} << 20;  // of large messages together
    std::uint32_t reader = 0xffff;                  // mailbox, replies: the slot that reads
    std::uint32_t item_type = 0;                    // type_id of all that it carries; 0: of many
};

// In state making: to be opened when its first holder is written down. Throws out_of_memory.
shm::channel_id make_channel(participant& here, shm::channel_kind kind, unsigned granule_bits,
                             const channel_bounds& bounds);

}  // namespace troupe::channel
