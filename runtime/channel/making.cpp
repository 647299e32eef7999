#include "channel/making.hpp"

namespace troupe::channel {

shm::channel_id make_channel(participant& here, shm::channel_kind kind, unsigned granule_bits,
                             const channel_bounds& bounds) {
    const shm::channel_id made =
        or_make_room(here, [&] { return here.memory().claim_channel(kind, granule_bits, here.slot()); });
    shm::channel_record& record = here.memory().channel(made.index());
    // relaxed, all: published when the channel is opened
    record.capacity.store(bounds.capacity, std::memory_order_relaxed);
    record.bytes.store(bounds.bytes, std::memory_order_relaxed);
    record.reader.store(bounds.reader, std::memory_order_relaxed);
    return made;
}

}  // namespace troupe::channel
