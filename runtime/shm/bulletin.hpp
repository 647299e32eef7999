// That something has changed among the names, topics and groups of a program, and which processes wait for that.
// Whoever waits looks at all that it waits for whenever the count has changed.
#pragma once

#include <atomic>
#include <cstdint>

#include "shm/wait_set.hpp"

namespace troupe::shm {

class bulletin {
public:
    wait_set readers;  // to be rung; each process sets its own bit, and the keeper clears that of a dead one

    // seq_cst: whoever has become a reader, and sees no change here, is seen by the keeper when it tells of that change
    // sync: bulletin - observes what the keeper has written
    std::uint64_t changes() const noexcept { return changes_.load(std::memory_order_seq_cst); }
    // sync: bulletin - publishes what the keeper has written, before it looks at the readers
    void change() noexcept { changes_.fetch_add(1, std::memory_order_seq_cst); }

private:
    std::atomic<std::uint64_t> changes_;
};

}  // namespace troupe::shm
