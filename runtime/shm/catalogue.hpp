// The names and shapes of a program's message types, for whoever looks in from outside: a type travels as a number, and
// its name stands in the executable.
//
// A text of lines, with tabs between their parts. The program writes it before it has actors.
//
//   m  number  name  shape    a message type; what a shape is says <troupe/detail/type_text.hpp>
//   f  key     name           the function of an actor; the key is the `entry` of its slot
//   x  count                  so many more, of which the text had no room; the last line, if there is one
//
// Numbers and keys are hexadecimal, the count is not. The length of the text, in the header, publishes it, and says how
// much of the area has memory behind it.
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
