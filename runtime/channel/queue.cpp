// The compiled core of queue<T>.
#include <troupe/error.hpp>
#include <troupe/queue.hpp>

#include <algorithm>
#include <bit>
#include <string>

#include "channel/making.hpp"
#include "channel/port.hpp"
#include "channel/station.hpp"
#include "loop/event_loop.hpp"

namespace troupe::detail {
namespace {

constexpr unsigned fewest_granule_bits = 12, most_granule_bits = 16;  // 256 KiB to 4 MiB of small items

// Items put and not yet reported done. The ring counts those that were claimed and those that a dead process left torn.
std::uint32_t unfinished(const port& held) noexcept {
    const shm::ring_header& ring = held.ring().header();
    const shm::tail_word tail{
        ring.tail.word.load(std::memory_order_acquire)};  // sync: tail - observes the claims before it
    const std::uint64_t done = held.record().done.load(std::memory_order_acquire);  // sync: done - observes reports
    return static_cast<std::uint32_t>(tail.messages() - held.ring().torn() - done) & 0x3ffff;
}

}  // namespace

// Looks whether a queue is drained, while somebody waits for that.
class drain_watch final : public loop::source {
public:
    drain_watch(const port& held, wait& waiting) : held_(held), waiting_(waiting) {}
    bool poll() override {
        if (unfinished(held_) != 0) return false;
        waiting_.wake();
        return true;
    }
    bool glance() override { return unfinished(held_) == 0; }
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}

private:
    const port& held_;
    wait& waiting_;
};

end_hold make_queue(const queue_options& options) {
    channel::station& here = channel::station::here();
    if (options.capacity == 0 || options.capacity > shm::most_messages) {
        throw too_large("a queue of " + std::to_string(options.capacity) + " items: its capacity is from 1 to " +
                        std::to_string(shm::most_messages));
    }
    if (options.bytes == 0) throw too_large("a queue of 0 bytes: give it room for at least one large item");
    // Room for items of four granules each; larger ones wait earlier, or go beside the ring.
    const unsigned bits = static_cast<unsigned>(std::bit_width(options.capacity * 4 - 1));
    const unsigned granule_bits = std::clamp(bits, fewest_granule_bits, most_granule_bits);
    const shm::channel_id made = channel::make_channel(here, shm::channel_kind::queue, granule_bits,
                                                       {.capacity = options.capacity, .bytes = options.bytes});
    port& held = here.port_of(made);
    held.hold(both_ends);
    here.memory().open_channel(made);
    return {&held, both_ends};
}

std::size_t queue_size(const port& held) noexcept { return held.size(); }

void close_port(port& held) noexcept { held.close(); }

void task_done(port& held) {
    if (unfinished(held) == 0) throw misuse("task_done was called more often than items were put into the queue");
    held.record().done.fetch_add(1, std::memory_order_acq_rel);  // sync: done - publishes that an item was dealt with
    if (unfinished(held) == 0) channel::station::here().ring_all(held.record().readers);
}

drained_wait::~drained_wait() { delete watch_; }
bool drained_wait::try_finish() { return unfinished(*hold_.get()) == 0; }
void drained_wait::enlist() {
    watch_ = new drain_watch(*hold_.get(), *this);
    loop::event_loop::current().enroll(*watch_);
}
void drained_wait::abandon() noexcept { loop::event_loop::current().dismiss(*watch_); }

}  // namespace troupe::detail
