// Names of cells in shared memory: of locks, arrays, events and the like.
#pragma once

#include <cstdint>

#include "shm/channel_id.hpp"

namespace troupe::shm {

// 1 << 63 | generation << 16 | index; the generation grows at every use of the cell. No channel's name has the high
// bit, so one number tells which of the two is meant: in a parcel, and in what is said to the keeper. 0 names none.
struct cell_id {
    std::uint64_t value = 0;

    static constexpr std::uint64_t mark = std::uint64_t{1} << 63;
    static constexpr cell_id make(std::uint64_t generation, std::uint16_t index) noexcept {
        return {mark | (generation << 16 & ~mark) | index};
    }
    static constexpr bool is_one(std::uint64_t object) noexcept { return (object & mark) != 0; }

    constexpr std::uint16_t index() const noexcept { return static_cast<std::uint16_t>(value & 0xffff); }
    constexpr std::uint64_t generation() const noexcept { return (value & ~mark) >> 16; }
    // As it stands where a channel may be named as well.
    channel_id as_object() const noexcept { return {value}; }
    constexpr explicit operator bool() const noexcept { return value != 0; }
    friend constexpr bool operator==(cell_id, cell_id) = default;
};

}  // namespace troupe::shm
