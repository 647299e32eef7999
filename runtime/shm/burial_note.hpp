// Who is being taken out of a line, or of a condition's list.
#pragma once

#include <atomic>
#include <cstdint>

#include "shm/lock_place.hpp"

namespace troupe::shm {

// A place that is being taken out, with the use of it that is meant. 0: none.
class burial_note {
public:
    struct value {
        place_number place;
        std::uint64_t use = 0;
    };
    value get() const noexcept {
        // sync: burial - observes whom the dead holder was about to take out
        const std::uint64_t word = word_.load(std::memory_order_acquire);
        return {{static_cast<std::uint32_t>(word & ((std::uint64_t{1} << place_bits) - 1))}, word >> place_bits};
    }
    void set(place_number place, std::uint64_t use) noexcept {
        // sync: burial - publishes who is taken out, before it is marked
        word_.store(place.value | use << place_bits, std::memory_order_release);
    }
    // sync: burial - publishes that it is over, after the place was freed
    void clear() noexcept { word_.store(0, std::memory_order_release); }
    static std::uint64_t kept_part(std::uint64_t use) noexcept { return use << place_bits >> place_bits; }

private:
    std::atomic<std::uint64_t> word_;
};

}  // namespace troupe::shm
