// The doorbells of other processes: whom this one has rung, and in which epoch.
//
// A process sleeps in the kernel on one eventfd, its doorbell, whatever it waits for. Each wake-up adds one to the
// epoch in its slot, after its rings were taken and before it looks at anything. Who has changed something rings at
// most once an epoch: a second ring before the wake-up would tell nothing more. Nothing is lost: the fence in `ring`
// stands between the change and the look at the epoch, the one in `participant::woken` between the new epoch and the
// look at what has changed, so at least one of the two sees the other. A process that has no descriptor left for a
// doorbell asks the keeper to ring.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/owned_fd.hpp"
#include "channel/keeper_line.hpp"
#include "shm/program_memory.hpp"

namespace troupe::channel {

class doorbells {
public:
    doorbells(shm::program_memory& memory, keeper_line& keeper) noexcept : memory_(memory), keeper_(keeper) {}

    void ring(std::uint16_t slot) noexcept;
    // One that came by inheritance.
    void know(std::uint16_t slot, std::uint32_t incarnation, base::owned_fd doorbell);
    // Of processes that have ended, where that is worth a look at all of them.
    void close_dead() noexcept;
    void close_all() noexcept { all_.clear(); }

private:
    void note_awake(std::uint16_t slot, const shm::process_slot& other) noexcept;

    static constexpr std::uint64_t never = ~std::uint64_t{0};
    struct bell {
        std::uint32_t incarnation = 0;
        std::uint64_t rung = never;  // in which epoch
        base::owned_fd fd;
    };

    shm::program_memory& memory_;
    keeper_line& keeper_;
    std::unordered_map<std::uint16_t, bell> all_;
    std::uint64_t deaths_swept_ = 0;  // when those of the dead were closed last
};

}  // namespace troupe::channel
