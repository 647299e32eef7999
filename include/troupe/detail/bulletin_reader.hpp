// A wait for a change among the names, topics and groups of the program, in the list of those in this process.
#pragma once

#include <troupe/detail/wait.hpp>

namespace troupe::detail {

struct bulletin_reader {
    explicit bulletin_reader(wait& one) noexcept : whom(&one) {}
    bulletin_reader(const bulletin_reader&) = delete;
    bulletin_reader& operator=(const bulletin_reader&) = delete;

    // Woken at each change. `heed` wakes it once at the beginning: there may have been one by then.
    void heed();
    void heed_no_more() noexcept;

    wait* whom;
    bulletin_reader* next_waiting = nullptr;
};

}  // namespace troupe::detail
