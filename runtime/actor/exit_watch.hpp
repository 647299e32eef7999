// Those in this process who wait for the end of an actor.
#pragma once

#include <cstdint>

#include <troupe/detail/exit_wait.hpp>

#include "channel/participant.hpp"
#include "channel/waiting_list.hpp"
#include "loop/source.hpp"
#include "shm/death_watch.hpp"

namespace troupe::actors {

// A source while anybody waits. It looks at all of them only when the program's count of deaths has changed.
class exit_watch final : public loop::source {
public:
    explicit exit_watch(channel::participant& participant)
        : participant_(participant), deaths_(participant.memory().header()) {}

    // This process is rung when `actor` ends; called before its state is looked at.
    void watch(detail::actor_id actor);
    void enlist(detail::exit_wait& wait);
    void leave(detail::exit_wait& wait) noexcept;

private:
    bool poll() override;
    bool glance() override;
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    void describe(loop::wait_notes& into) const noexcept override;

    channel::participant& participant_;
    channel::waiting_list<detail::exit_wait> waiting_;
    shm::death_watch deaths_;
};

}  // namespace troupe::actors
