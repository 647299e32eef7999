#include "channel/drain.hpp"

#include <troupe/error.hpp>

namespace troupe::channel {

// Whoever receives an item says so in its slot, until it has counted the item: so an item is always seen in one of the
// three places, and one whose receiver was killed in between is not waited for.
bool drained(const attachment& queue) {
    queue.ring().observe_head();
    if (!queue.ring().empty()) return false;
    bool receiving = false;
    queue.record().holders.readers().for_each([&](std::uint32_t slot) {
        const shm::process_slot& reader = queue.memory().process(static_cast<std::uint16_t>(slot));
        if (reader.activity.receiving.is(queue.id())) receiving = true;
    });
    // What was reported first, which is never more than what was received: if the two are equal, they were so when the
    // second was read.
    const std::uint64_t done = queue.record().items.done();
    return !receiving && done == queue.record().items.received();
}

void report_done(attachment& queue) {
    if (!queue.record().items.count_done()) {
        throw misuse("task_done was called more often than items were received from the queue");
    }
    tell_if_drained(queue);
}

// The last report may find the last item still in the ring, because another reader is about to move the head past it.
void tell_if_drained(attachment& queue) noexcept {
    if (queue.record().items.is_watched() && drained(queue)) queue.here().notify_all(queue.record().holders.readers());
}

void watch_drain(attachment& queue) noexcept { queue.record().items.watch(); }
void unwatch_drain(attachment& queue) noexcept { queue.record().items.unwatch(); }

}  // namespace troupe::channel
