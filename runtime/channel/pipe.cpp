// The compiled core of pipes and connections.
#include <troupe/pipe.hpp>

#include "channel/making.hpp"
#include "channel/participant.hpp"
#include "channel/port.hpp"

namespace troupe::detail {
namespace {

constexpr unsigned granule_bits = 12;  // 256 KiB each way

channel::port& make_direction(channel::participant& here, std::uint32_t type) {
    const shm::channel_id made =
        channel::make_channel(here, shm::channel_kind::pipe, granule_bits, {.item_type = type});
    channel::port& held = here.port_of(made);
    held.hold(both_ends);
    here.memory().channels().open(made);
    return held;
}

}  // namespace

pipe_ends make_pipe(std::uint32_t type_there, std::uint32_t type_back) {
    channel::participant& here = channel::participant::here();
    pipe_ends ends;
    channel::port& there = make_direction(here, type_there);
    ends.first_sends = {&there, sending_end};
    ends.second_receives = {&there, receiving_end};
    channel::port& back = make_direction(here, type_back);
    ends.second_sends = {&back, sending_end};
    ends.first_receives = {&back, receiving_end};
    return ends;
}

void close_connection(end_hold& sends, end_hold& receives) noexcept {
    for (end_hold* end : {&sends, &receives}) {
        channel::port* held = end->get();
        if (held == nullptr) continue;
        const channel::participant* here = channel::participant::current();
        if (here != nullptr && &held->of().here() == here) held->of().close();
        *end = {};
    }
}

}  // namespace troupe::detail
