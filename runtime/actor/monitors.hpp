// The actors whose ends this process wants to find in its mailbox as messages.
//
// A watched actor's end is seen here, by the watcher, which then puts the message into its own mailbox, in memory of
// its own. So it cannot be lost in between, cannot come twice, and needs no room in the ring.
#pragma once

#include <cstdint>
#include <vector>

#include <troupe/detail/actor_id.hpp>

#include "channel/participant.hpp"
#include "loop/source.hpp"
#include "shm/death_watch.hpp"

namespace troupe::actors {

class monitors final : public loop::source {
public:
    explicit monitors(channel::participant& participant)
        : participant_(participant), deaths_(participant.memory().header()) {}

    // One message for each call. `mailbox`: this process's own.
    void add(detail::actor_id actor, channel::lone_inbox& mailbox);
    // Takes back one call whose message was not yet put into the mailbox.
    bool remove(detail::actor_id actor) noexcept;

private:
    bool poll() override;
    bool glance() override;
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    void tell(detail::actor_id ended);

    channel::participant& participant_;
    channel::lone_inbox* mailbox_ = nullptr;
    std::vector<detail::actor_id> watched_;
    shm::death_watch deaths_;
};

}  // namespace troupe::actors
