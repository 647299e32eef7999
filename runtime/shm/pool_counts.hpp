// What a pool counts, for those who look in from outside: a block that the record of its queue names.
//
// It belongs to the process that has the pool, which alone writes to it, each word by itself: nothing else is read
// through them, and a sum may be a task too large or too small while it is read. It is freed with the pool, or as
// whatever a dead process had. A pool for whose block there is no memory works without.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <troupe/detail/actor_id.hpp>

#include "base/published.hpp"

namespace troupe::shm {

struct pool_counts {
    static constexpr std::size_t most_functions = 64;

    // Tasks of one function. What is neither done nor failed nor dropped has no outcome yet.
    struct of_function {
        base::published<std::uint64_t> function;  // registration::key; 0: nobody has used this yet
        base::published<std::uint64_t> given;     // to the pool, or read from a range or queue
        base::published<std::uint64_t> done;      // with a value
        base::published<std::uint64_t> failed;    // with an exception, or with their worker
        base::published<std::uint64_t> dropped;   // nobody wanted their results before they began
    };

    std::byte parcel[64];  // zero: whoever looks through all parcels finds one in which nothing is listed
    base::published<std::uint64_t> queue;         // the channel_id of the pool's queue; 0: it is not written yet
    base::published<std::uint64_t> replaced;      // workers that ended before the pool did
    base::published<std::uint64_t> retired;       // of these, as the pool's options ask for
    base::published<detail::actor_id> last_lost;  // the last that ended in another way
    char name[64];                                // as its workers are called
    std::array<of_function, most_functions + 1> functions;  // the last one is of all that found no place

    // By its taker, before the queue's record names it.
    void begin(std::uint64_t of) noexcept {
        for (std::byte& one : parcel) one = std::byte{};
        queue.set(0);
        replaced.set(0);
        retired.set(0);
        last_lost.set({});
        for (of_function& one : functions) {
            one.function.set(0);
            one.given.set(0);
            one.done.set(0);
            one.failed.set(0);
            one.dropped.set(0);
        }
        queue.set(of);
    }
};
static_assert(sizeof(pool_counts) <= 4096);

}  // namespace troupe::shm
