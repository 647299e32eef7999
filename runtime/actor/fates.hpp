// Those in this process who wait for the end of an actor.
#pragma once

#include <cstdint>

#include <troupe/detail/request.hpp>

#include "channel/station.hpp"
#include "channel/waiting_list.hpp"
#include "loop/source.hpp"

namespace troupe::actors {

// A source while anybody waits. It looks at all of them only when the program's count of deaths has changed.
class fates final : public loop::source {
public:
    explicit fates(channel::station& station) : station_(station) {}

    // This process is rung when `actor` ends; called before its state is looked at.
    void watch(detail::actor_id actor);
    void enlist(detail::fate_wait& wait);
    void leave(detail::fate_wait& wait) noexcept;

private:
    bool poll() override;
    bool glance() override;
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}

    channel::station& station_;
    channel::waiting_list<detail::fate_wait> waiting_;
    std::uint64_t deaths_seen_ = 0;
};

}  // namespace troupe::actors
