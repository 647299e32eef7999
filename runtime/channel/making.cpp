#include "channel/making.hpp"

namespace troupe::channel {

shm::channel_id make_channel(participant& here, shm::channel_kind kind, unsigned granule_bits,
                             const channel_bounds& bounds) {
    const shm::channel_id made =
        or_make_room(here, [&] { return here.memory().channels().claim(kind, granule_bits, here.owner()); });
    shm::channel_record& record = here.memory().channel(made.index());
    record.capacity.set(bounds.capacity);
    record.bytes.set(bounds.bytes);
    record.reader.set(bounds.reader);
    record.maker.set(here.actor().value);
    record.item_type.set(bounds.item_type);
    return made;
}

}  // namespace troupe::channel
