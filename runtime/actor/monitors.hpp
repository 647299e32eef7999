// The actors whose ends, or restarts, this process wants to find in its mailbox as messages.
//
// A watched actor's end is seen here, by the watcher, which then puts the message into its own mailbox, in memory of
// its own. So it cannot be lost in between, cannot come twice, and needs no room in the ring. A restarted process rings
// the watchers of its actor when it begins; if it dies before that, the keeper rings them for its end.
#pragma once

#include <cstdint>
#include <optional>
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

    enum class telling { end, every_incarnation };

    // One message for each call, and with every_incarnation one for each restart. `mailbox`: this process's own.
    void add(detail::actor_id actor, channel::lone_inbox& mailbox, telling what);
    // Takes back one call whose message was not yet put into the mailbox.
    bool remove(detail::actor_id actor) noexcept;

private:
    struct watched {
        detail::actor_id actor;
        telling what;
        std::uint32_t restarts;  // of the actor, that were told or came before
        std::uint32_t since;     // the turn in which it was asked for
    };

    bool poll() override;
    bool glance() override;
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    void describe(loop::wait_notes& into) const noexcept override;
    void tell(detail::actor_id ended);
    std::uint32_t restarts_begun(detail::actor_id actor) const noexcept;
    std::optional<std::uint32_t> untold(const watched& one) const noexcept;
    bool tell_restarts();

    channel::participant& participant_;
    channel::lone_inbox* mailbox_ = nullptr;
    std::vector<watched> watched_;
    std::size_t followed_ = 0;  // of these, how many want to hear of restarts
    shm::death_watch deaths_;
};

}  // namespace troupe::actors
