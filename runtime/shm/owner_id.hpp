// Who made a claim, and whether it can still store: the two things a ring knows of processes.
#pragma once

#include <cstdint>

namespace troupe::shm {

inline constexpr std::uint32_t most_processes = 4096;

// A process slot (12 bits) and which of its incarnations (4): 1 to 15 in turn, or 0 for all that ended and were
// disowned (see ring::disown). That happens before the slot's next incarnation begins, be it of the same actor or of
// another: an id in a ring never names two processes.
struct owner_id {
    std::uint16_t value = 0;

    static constexpr owner_id make(std::uint32_t slot, std::uint32_t incarnation) noexcept {
        return {static_cast<std::uint16_t>((slot & 0xfff) << 4 | (incarnation % 15 + 1))};
    }
    // Of a process that has ended: it names nobody any more.
    constexpr bool nobody() const noexcept { return (value & 0xf) == 0; }
    constexpr owner_id disowned() const noexcept { return {static_cast<std::uint16_t>(value & 0xfff0)}; }
    constexpr std::uint16_t slot() const noexcept { return static_cast<std::uint16_t>(value >> 4); }
    friend constexpr bool operator==(owner_id, owner_id) = default;
};

// How a ring asks about death. `dead` must be true only once the process can never store again (its pidfd is readable),
// must read the answer with acquire, and must stay true for as long as the id stands in a ring: the id of an earlier
// incarnation of a slot is dead.
struct liveness {
    bool (*dead)(const void* table, owner_id owner) noexcept = nullptr;
    const void* table = nullptr;

    bool is_dead(owner_id owner) const noexcept { return dead(table, owner); }
};

}  // namespace troupe::shm
