// What is no longer used and cannot be freed yet: channels that still have messages or open claims in them. The
// keeper's; looked at whenever it is awake.
#pragma once

#include <array>
#include <cstdint>

#include <troupe/detail/outgoing.hpp>

#include "keeper/cell_retirement.hpp"
#include "keeper/channel_set.hpp"
#include "keeper/open_files.hpp"
#include "shm/program_memory.hpp"

namespace troupe::keepers {

// The parcel that a record names; none when it has none, or that was freed since.
shm::block_id parcel_of(shm::program_memory& memory, const shm::record& record);

class retirement {
public:
    explicit retirement(shm::program_memory& memory) : memory_(memory), cells_(memory), files_(memory) {}

    // Nobody holds the channel any more, or its actor is dead: what is in it is dropped, then it is freed.
    void retire_channel(shm::channel_id channel) noexcept;
    // The process of the slot is dead: frees what it had, and sees to it that nothing in shared memory names it any
    // more, so that the slot may have another process.
    void disown(std::uint16_t slot) noexcept;
    // Of an actor that will be started again: what the dead process had taken from its mailbox and not consumed is
    // there for the next one, but for requests whose askers are about to be told that they died with it.
    void hand_back(std::uint16_t slot) noexcept;

    // How many messages wait in the mailbox of the dead process of that slot; without those it had taken.
    std::uint32_t count_mail(std::uint16_t slot) noexcept;

    // An end was let go: when things are tidied next, the channel is closed or retired if nobody is left. Or a cell
    // was, which is freed then.
    void look_at(shm::channel_id channel) noexcept;

    // What messages carry besides.
    open_files& files() noexcept { return files_; }

    // A cell whose maker died before it was open.
    void free_cell(std::uint16_t index) noexcept { cells_.free(index); }

    // Frees what can be freed; what nobody can reach, when there may be much of it.
    void tidy() noexcept;
    // The same, and what nobody can reach in any case.
    void collect() noexcept;
    // notify(channel) for each pipe that was closed since, because its end lay in a parcel that was dropped, and each
    // queue whose head was moved: room came back, and it may be drained.
    template <class Notify>
    void notify_due(Notify&& notify) noexcept {
        for (std::size_t i = to_notify_.next(0); i < shm::max_channels; i = to_notify_.next(i + 1)) {
            to_notify_.remove(i);
            notify(memory_.channel(static_cast<std::uint16_t>(i)));
        }
    }
    // A channel waits for a live writer that is in the middle of a claim: nobody will tell when it is done.
    bool waits_for_a_writer() const noexcept { return waits_; }
    // More could be freed at once.
    bool unfinished() const noexcept { return unfinished_; }

private:
    // Roles, a byte for each channel.
    using roles = std::array<std::uint8_t, shm::max_channels>;
    // What is known of channels while they are judged.
    struct judgement {
        std::array<std::uint64_t, shm::max_channels> version;  // before anything was looked at
        roles held;                                            // by whom that is known of so far
    };

    bool decide() noexcept;
    void act_on(std::uint16_t index, std::uint32_t held) noexcept;
    void collect_unreachable() noexcept;
    void reach(const detail::handle_ref& handle) noexcept;
    void reach_from_owned() noexcept;
    void walk(std::uint16_t index) noexcept;

    enum class drained { empty, in_flight, damaged };
    void drain_all() noexcept;
    drained drain(shm::channel_id channel) noexcept;
    void sweep(shm::channel_id queue, const shm::ring& ring) noexcept;
    void free_blocks(shm::owner_id dead) noexcept;
    void discard(shm::block_id block) noexcept;

    static constexpr std::size_t fewest_carried = 64;

    shm::program_memory& memory_;
    cell_retirement cells_;
    open_files files_;
    channel_set channels_;
    channel_set restless_;  // of these, those whose ring was not at rest when it was drained
    channel_set to_notify_;
    channel_set due_;      // to be looked at: an end was let go
    channel_set carried_;  // of which a message on its way alone held an end when it was looked at
    channel_set to_walk_;  // while what can be reached is marked
    std::size_t collect_at_ = fewest_carried;
    judgement judged_{};
    bool anything_ = false;
    bool waits_ = false;
    bool unfinished_ = false;
};

}  // namespace troupe::keepers
