// A large message in a buffer. Apart from the others, which peers send too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <troupe/buffer.hpp>

namespace bench {

// Moves without a copy. A new one for each message: the last one is the receiver's.
struct lent {
    std::uint64_t bytes = 0;
    troupe::buffer content;

    static lent make(std::size_t bytes) { return {bytes, {}}; }
    void write(std::uint64_t n) {
        content = troupe::buffer(bytes);
        for (std::size_t i = 0; i < bytes / 8; i += 8) put(i, n + i);
    }
    std::uint64_t number() const noexcept { return content ? get(0) : 0; }
    bool whole() const noexcept {
        std::uint64_t wrong = content.size() == bytes ? 0 : 1;
        for (std::size_t i = 0; wrong == 0 && i < bytes / 8; i += 8) wrong |= get(i) ^ (get(0) + i);
        return wrong == 0;
    }

private:
    void put(std::size_t place, std::uint64_t word) noexcept {
        std::memcpy(content.data() + place * sizeof word, &word, sizeof word);
    }
    std::uint64_t get(std::size_t place) const noexcept {
        std::uint64_t word = 0;
        std::memcpy(&word, content.data() + place * sizeof word, sizeof word);
        return word;
    }
};

}  // namespace bench
