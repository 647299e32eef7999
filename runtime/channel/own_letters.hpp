// Messages that a process puts into its own mailbox (troupe::down, and what its threads inject): received before all
// others, and through no ring.
#pragma once

#include <cstdint>
#include <list>
#include <vector>

#include <troupe/detail/encoded_message.hpp>
#include <troupe/detail/letter.hpp>
#include <troupe/detail/receive_wait.hpp>

namespace troupe::channel {

class own_letters {
public:
    bool empty() const noexcept { return count_ == 0; }
    std::size_t size_of(std::uint32_t type) const noexcept;
    void put(std::uint32_t type, detail::encoded_message message);
    // Puts the oldest that is wanted, and in nobody's hand, into the letter. Returns false if there is none.
    bool pick(detail::letter& into, const detail::receive_wait* wants);
    void finish(const detail::letter& taken) noexcept;

private:
    struct own_letter {
        detail::encoded_message message;
        std::uint64_t number;  // counts what was put
        bool in_hand = false;
    };
    struct lane {
        std::uint32_t type;
        std::list<own_letter> waiting = {};
    };

    std::vector<lane> lanes_;  // there are few types
    std::size_t count_ = 0;
    std::uint64_t put_ = 0;
};

}  // namespace troupe::channel
