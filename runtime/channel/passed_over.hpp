// What a selective receive has passed over: where the records are that wait in a ring with one reader, by type.
//
// A record is examined once. One that is not wanted then is filed, and found again by its type; everything that is not
// filed stands at or behind `examined`. So the cost of a receive does not grow with what it passes over, and a record
// that comes concerns whoever waits for its type. A reader that takes everything in its order never files anything.
//
// It is this process's own, and says no more than the ring does: whoever reads the ring next examines it anew. Entries
// are not taken out when their record is consumed, which is seen when they are met; they are in the order of the ring,
// so what was consumed stands in front. There are never more of one type than there are records of it in the ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "shm/ring_reader.hpp"

namespace troupe::channel {

class passed_over {
public:
    // False: nothing is filed, and the ring is to be read from the reader's place.
    bool any() const noexcept { return any_; }
    std::uint64_t examined() const noexcept { return examined_; }

    // Everything before this place is consumed or filed.
    void examined_to(std::uint64_t position) noexcept { examined_ = position; }
    void file(shm::ring_reader& reader, const shm::record& record, std::uint32_t type);
    // Of the records filed that are not consumed, the first of a wanted type.
    template <class Wanted>
    bool first(shm::ring_reader& reader, Wanted wanted, shm::record& found) {
        shm::record one;
        bool any = false;
        for (lane& lane : lanes_) {
            if (!wanted(lane.type) || !first(reader, lane, one)) continue;
            if (!any || shm::distance(one.position, found.position) > 0) found = one;
            any = true;
        }
        return any;
    }
    void clear() noexcept;

    // Records looked at so far, for tests.
    std::uint64_t looks() const noexcept { return looks_; }

private:
    struct lane {
        std::uint32_t type;
        std::size_t next = 0;  // what stands before it is consumed
        std::vector<std::uint64_t> positions = {};
    };

    // Whether a record of the lane waits, and the first that does.
    bool first(shm::ring_reader& reader, lane& one, shm::record& found);

    std::vector<lane> lanes_;  // a mailbox has few types
    std::uint64_t examined_ = 0;
    std::uint64_t looks_ = 0;
    bool any_ = false;
};

}  // namespace troupe::channel
