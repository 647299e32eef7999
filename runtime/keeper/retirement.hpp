// What is no longer used and cannot be freed yet: channels that still have messages or open claims in them. The
// keeper's; looked at whenever it is awake.
#pragma once

#include <bitset>
#include <cstdint>

#include "shm/program_memory.hpp"

namespace troupe::actors {

class retirement {
public:
    explicit retirement(shm::program_memory& memory) : memory_(memory) {}

    // Nobody holds the channel any more, or its actor is dead: what is in it is dropped, then it is freed.
    void retire_channel(shm::channel_id channel) noexcept;
    // The process of the slot is dead: frees what it had, and sees to it that nothing in shared memory names it any
    // more, so that the slot may have another process.
    void disown(std::uint16_t slot) noexcept;
    // Of an actor that will be started again: what the dead process had taken from its mailbox and not consumed is
    // there for the next one, but for requests whose askers are about to be told that they died with it.
    void hand_back(std::uint16_t slot) noexcept;

    // Does an end of this kind (a role) still have a holder, in a process or on its way?
    bool held(shm::channel_id channel, std::uint32_t role) const noexcept;
    // An end was let go: closes or retires the channel when nobody is left. True: ring whoever waits in it.
    bool look_at(shm::channel_id channel) noexcept;

    // Frees what can be freed.
    void tidy() noexcept;
    // ring(channel) for each pipe that was closed since, because its end lay in a parcel that was dropped, and each
    // queue whose head was moved: room came back, and it may be drained.
    template <class Ring>
    void ring_due(Ring&& ring) noexcept {
        for (std::size_t i = to_ring_._Find_first(); i < to_ring_.size(); i = to_ring_._Find_next(i)) {
            to_ring_.reset(i);
            ring(memory_.channel(static_cast<std::uint16_t>(i)));
        }
    }
    // A channel waits for a live writer that is in the middle of a claim: nobody will tell when it is done.
    bool waits_for_a_writer() const noexcept { return waits_; }

private:
    enum class drained { empty, in_flight, damaged };
    drained drain(shm::channel_id channel) noexcept;
    void sweep(shm::channel_id queue, const shm::ring& ring) noexcept;
    void free_blocks(shm::owner_id dead) noexcept;
    void discard(shm::block_id block) noexcept;

    shm::program_memory& memory_;
    std::bitset<shm::max_channels> channels_;
    std::bitset<shm::max_channels> to_ring_;
    bool anything_ = false;
    bool waits_ = false;
};

}  // namespace troupe::actors
