// The names and shapes of a program's message types, for whoever looks in from outside: a type travels as a number, and
// its name stands in the executable.
//
// A text of lines, each `number name shape fields`, separated by tabs; the program appends to it before it has actors.
// Its length, in the header, publishes it, and says how much of the file has memory behind it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/machine.hpp"

namespace troupe::shm {

inline constexpr std::size_t catalogue_bytes = std::size_t{1} << 20;

class catalogue_length {
public:
    // sync: catalogue - observes the text of that length
    std::uint32_t get() const noexcept { return length_.load(std::memory_order_acquire); }
    // sync: catalogue - publishes the text of that length
    void set(std::uint32_t length) noexcept { length_.store(length, std::memory_order_release); }

private:
    std::atomic<std::uint32_t> length_;
};

}  // namespace troupe::shm
