// The requests of this process that wait for their replies.
//
// Replies come through a ring of their own, made at the first request. Room in it is reserved before a request is sent:
// there are never more requests under way than replies that fit, so whoever answers never waits, and an actor may ask
// from inside a handler while its mailbox is full. A request that was given up keeps its place until its reply has come
// (and was dropped) or its actor is dead: its reply may be on its way. So that an actor which hangs does not take the
// places of all, one that has left more than its share of given-up requests unanswered is asked no more until it
// answers one, and whoever asks it is told at once. The lane is read as long as the process lives, also while it asks
// nothing: an actor that died in the middle of an answer is forgotten only once its place has been read past.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <troupe/detail/expected_reply.hpp>

#include "channel/lone_inbox.hpp"
#include "channel/participant.hpp"
#include "channel/waiting_list.hpp"
#include "loop/source.hpp"
#include "shm/death_watch.hpp"

namespace troupe::actors {

class pending_requests final : public loop::source {
public:
    explicit pending_requests(channel::participant& participant)
        : participant_(participant), deaths_(participant.memory().header()) {}
    ~pending_requests();

    // A number for a request; nothing while too many are under way. Throws timed_out for an actor that has left too
    // many given-up requests unanswered.
    std::optional<std::uint32_t> reserve(detail::expected_reply& reply);
    void unreserve(std::uint32_t request) noexcept;  // it was not sent after all
    void give_up(std::uint32_t request) noexcept;    // nobody waits for its reply any more

    void wait_for_turn(detail::expected_reply& reply);
    void leave_turn(detail::expected_reply& reply) noexcept;
    void drop_block(std::uint64_t block) noexcept;

private:
    static constexpr std::size_t most_requests = 1000;
    static constexpr unsigned granule_bits = 11;  // two granules a reply
    // What was given up on one actor holds so much of the places that are not held in that way, and one at least: the
    // more actors hang, the less is each one's, so that there is room to ask others beside more than a hundred of them.
    static constexpr std::size_t share = 32;

    static constexpr std::uint16_t nowhere = 0xffff;
    struct entry {
        detail::expected_reply* reply = nullptr;  // null: given up
        detail::actor_id target;
        std::uint32_t generation = 0;
        std::uint16_t older = nowhere;  // of those that are waited for
        std::uint16_t newer = nowhere;
        bool used = false;
        bool given_up = false;
    };

    // An actor that has not answered requests which were given up.
    struct silence {
        detail::actor_id actor;
        std::size_t requests = 0;
    };

    bool poll() override;
    bool glance() override;
    loop::parking park() override;
    void unpark() override;
    void describe(loop::wait_notes& into) const noexcept override;

    void open();
    void link(entry& one) noexcept;
    void unlink(entry& one) noexcept;
    entry* find(std::uint32_t request) noexcept;
    void free(entry& one) noexcept;
    silence* silence_of(detail::actor_id actor) noexcept;
    void refuse_silent(detail::actor_id target);
    void next_turn() noexcept;

    channel::participant& participant_;
    channel::lone_inbox* replies_ = nullptr;
    std::unique_ptr<std::array<entry, most_requests>> entries_;
    std::uint16_t oldest_ = nowhere;  // of those that are waited for
    std::uint16_t newest_ = nowhere;
    std::size_t used_ = 0;
    std::size_t given_up_ = 0;     // of those used
    std::vector<silence> silent_;  // whose they are
    std::size_t next_ = 0;
    shm::death_watch deaths_;
    channel::waiting_list<detail::expected_reply, &detail::expected_reply::next_turn> turns_;
};

}  // namespace troupe::actors
