// Messages that are delivered no more.
#pragma once

#include <optional>

#include <troupe/detail/actor_id.hpp>
#include <troupe/supervisor.hpp>

#include "actor/own_process.hpp"

namespace troupe::supervise {

// Takes the message that the actor was busy with when it died, if it has been delivered as often as it may be, out of
// its mailbox. The actor is down: nobody else reads there.
std::optional<dead_letter> set_aside(actors::own_process& here, detail::actor_id actor);

}  // namespace troupe::supervise
