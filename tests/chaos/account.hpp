// What the witness says when all is over: what was acknowledged, what became of it, and what should not have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chaos/witness.hpp"

namespace chaos {

struct figures {
    std::uint64_t begun = 0;         // acts
    std::uint64_t acknowledged = 0;  // of them, told to be done
    std::uint64_t found = 0;         // of those, seen at the other side
    std::uint64_t unasked = 0;       // seen there though the act was broken off by a death
    std::uint64_t gone = 0;          // acknowledged, and in the hand of a receiver that died
};

struct account {
    figures items, requests, messages, streams;
    std::uint64_t sessions = 0, sessions_ended = 0;
    std::vector<std::string> faults;
};

// `deaths` of receivers that may have had one item or message in hand each.
account settle(const witness& seen, std::size_t deaths);

// When the program has ended: lines that were logged, and are neither written nor said to be dropped.
std::uint64_t lost_lines(const witness& seen);

}  // namespace chaos
