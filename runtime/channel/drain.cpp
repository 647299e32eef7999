#include "channel/drain.hpp"

#include <troupe/error.hpp>

namespace troupe::channel {

// Whoever receives an item says so in its slot, until it has counted the item: so an item is always seen in one of the
// three places, and one whose receiver was killed in between is not waited for.
bool drained(const attachment& queue) {
    // sync: draining - observes the head's move by whoever did not see that it is watched
    static_cast<void>(queue.ring().head().load(std::memory_order_seq_cst));
    if (!queue.ring().empty()) return false;
    bool receiving = false;
    queue.record().readers.for_each([&](std::uint32_t slot) {
        // sync: receiving - observes that an item is being counted
        const std::uint64_t from =
            queue.memory().process(static_cast<std::uint16_t>(slot)).receiving.load(std::memory_order_seq_cst);
        if (from == queue.id().value) receiving = true;
    });
    // What was reported first, which is never more than what was received: if the two are equal, they were so when the
    // second was read.
    // sync: done - observes what was reported
    const std::uint64_t done = queue.record().done.load(std::memory_order_seq_cst);
    // sync: got - observes the items that were counted
    return !receiving && done == queue.record().got.load(std::memory_order_seq_cst);
}

void report_done(attachment& queue) {
    std::uint64_t done =
        queue.record().done.load(std::memory_order_acquire);  // sync: done - observes what was reported
    do {
        // sync: got - observes the items that were counted
        if (done == queue.record().got.load(std::memory_order_acquire)) {
            throw misuse("task_done was called more often than items were received from the queue");
        }
        // sync: done - publishes that an item was dealt with
    } while (!queue.record().done.compare_exchange_weak(done, done + 1, std::memory_order_seq_cst));
    tell_if_drained(queue);
}

// The last report may find the last item still in the ring, because another reader is about to move the head past it.
void tell_if_drained(attachment& queue) noexcept {
    // sync: draining - observes that it is watched, behind the head's move or the report
    if (queue.record().draining.load(std::memory_order_seq_cst) != 0 && drained(queue))
        queue.here().notify_all(queue.record().readers);
}

// crash: watched for ever by the dead: others are told in vain
// sync: draining - publishes that it is watched, before the watcher looks
void watch_drain(attachment& queue) noexcept { queue.record().draining.fetch_add(1, std::memory_order_seq_cst); }
// relaxed: one too many tells somebody in vain
void unwatch_drain(attachment& queue) noexcept { queue.record().draining.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace troupe::channel
