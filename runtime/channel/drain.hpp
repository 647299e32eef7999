// Whether a queue is drained: nothing is in it, and every item that was received has been reported done.
#pragma once

#include "channel/attachment.hpp"

namespace troupe::channel {

bool drained(const attachment& queue);
// An item was dealt with. Throws misuse if more are reported than were received.
void report_done(attachment& queue);
// From now on whoever empties the queue says so to all who hold it.
void watch_drain(attachment& queue) noexcept;
void unwatch_drain(attachment& queue) noexcept;
// Notifies those who hold the queue, if somebody watches and it is drained.
void tell_if_drained(attachment& queue) noexcept;

}  // namespace troupe::channel
