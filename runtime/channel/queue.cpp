// The compiled core of queue<T>.
#include <troupe/error.hpp>
#include <troupe/queue.hpp>

#include <algorithm>
#include <bit>
#include <string>

#include "channel/drain.hpp"
#include "channel/making.hpp"
#include "channel/participant.hpp"
#include "channel/port.hpp"
#include "loop/event_loop.hpp"
#include "loop/wait_notes.hpp"

namespace troupe::detail {
namespace {

constexpr unsigned fewest_granule_bits = 10;

}  // namespace

// Looks whether a queue is drained, while somebody waits for that.
class drain_watch final : public loop::source {
public:
    drain_watch(const channel::attachment& queue, wait& waiting) : queue_(queue), waiting_(waiting) {}
    bool poll() override {
        if (!channel::drained(queue_)) return false;
        waiting_.wake();
        return true;
    }
    bool glance() override { return channel::drained(queue_); }
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    // Whoever receives makes the queue empty, and that is all the room in it.
    void describe(loop::wait_notes& into) const noexcept override {
        into.add(waiting_, {.kind = base::waiting_kind::room, .of = queue_.id().value});
    }

private:
    const channel::attachment& queue_;
    wait& waiting_;
};

end_hold make_queue(const queue_options& options, std::uint32_t item_type) {
    channel::participant& here = channel::participant::here();
    if (options.capacity == 0 || options.capacity > shm::most_messages) {
        throw too_large("a queue of " + std::to_string(options.capacity) + " items: its capacity is from 1 to " +
                        std::to_string(shm::most_messages));
    }
    if (options.bytes == 0) throw too_large("a queue of 0 bytes: give it room for at least one large item");
    // Room for as many small items as it may hold, and for the pad where the ring goes round; others go beside the
    // ring.
    const std::size_t granules = (options.capacity + 1) * channel::queue_item_granules;
    const unsigned granule_bits = std::max(fewest_granule_bits, static_cast<unsigned>(std::bit_width(granules - 1)));
    const shm::channel_id made =
        channel::make_channel(here, shm::channel_kind::queue, granule_bits,
                              {.capacity = options.capacity, .bytes = options.bytes, .item_type = item_type});
    channel::port& held = here.port_of(made);
    held.hold(both_ends);
    here.memory().channels().open(made);
    return {&held, both_ends};
}

std::size_t queue_size(const channel::port& held) noexcept { return held.of().ring().size(); }

void close_port(channel::port& held) noexcept { held.of().close(); }

void task_done(channel::port& held) { channel::report_done(held.of()); }

drained_wait::~drained_wait() { delete watch_; }
bool drained_wait::try_finish() { return channel::drained(hold_.get()->of()); }
void drained_wait::enlist() {
    channel::watch_drain(hold_.get()->of());
    watch_ = new drain_watch(hold_.get()->of(), *this);
    loop::event_loop::current().enroll(*watch_);
}
void drained_wait::abandon() noexcept {
    loop::event_loop::current().dismiss(*watch_);
    channel::unwatch_drain(hold_.get()->of());
}

}  // namespace troupe::detail
