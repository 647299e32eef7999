// Those in this process who wait for a change among the program's names, topics and groups.
#pragma once

#include <cstdint>
#include <unordered_map>

#include <troupe/detail/bulletin_reader.hpp>

#include "channel/participant.hpp"
#include "channel/waiting_list.hpp"
#include "loop/source.hpp"

namespace troupe::actors {

// A source while anybody waits.
class bulletin_watch final : public loop::source {
public:
    explicit bulletin_watch(channel::participant& participant) : participant_(participant) {}

    void wait(detail::bulletin_reader& one);
    void leave(detail::bulletin_reader& one) noexcept;

    // The slot of the member of a circle that was given out last; this process's own to begin with.
    std::uint32_t turn_of(std::uint32_t circle) const {
        const auto known = turns_.find(circle);
        return known == turns_.end() ? participant_.slot() : known->second;
    }
    void set_turn(std::uint32_t circle, std::uint32_t slot) { turns_[circle] = slot; }

private:
    bool poll() override;
    bool glance() override;
    loop::parking park() override { return glance() ? loop::parking::ready : loop::parking::parked; }
    void unpark() override {}
    void describe(loop::wait_notes& into) const noexcept override;

    channel::participant& participant_;
    channel::waiting_list<detail::bulletin_reader> waiting_;
    std::uint64_t seen_ = 0;
    std::unordered_map<std::uint32_t, std::uint32_t> turns_;
};

}  // namespace troupe::actors
