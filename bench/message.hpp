// The messages that are measured. Each knows how to be written as number n, and whether it is whole.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace bench {

// Flat: travels as its own bytes. All of it is written and read.
template <std::size_t Bytes>
struct flat {
    std::array<std::uint64_t, Bytes / 8> words;

    void write(std::uint64_t n) noexcept {
        for (std::size_t i = 0; i < words.size(); ++i) words[i] = n + i;
    }
    std::uint64_t number() const noexcept { return words[0]; }
    bool whole() const noexcept {
        std::uint64_t wrong = 0;
        for (std::size_t i = 0; i < words.size(); ++i) wrong |= words[i] ^ (words[0] + i);
        return wrong == 0;
    }
};

// The same as a request; what comes back is its number and one.
template <std::size_t Bytes>
struct asked {
    using reply = flat<Bytes>;
    flat<Bytes> question;
};

// Travels as msgpack. The text is too long for the string's own buffer.
struct letter {
    std::string text;
    int length;
    double weight;

    static letter make() { return {"????????, and the words that follow it", 38, 0}; }
    void write(std::uint64_t n) noexcept {
        std::memcpy(text.data(), &n, sizeof n);
        weight = static_cast<double>(n);
    }
    std::uint64_t number() const noexcept { return static_cast<std::uint64_t>(weight); }
    bool whole() const noexcept {
        std::uint64_t n = 0;
        if (text.size() == 38) std::memcpy(&n, text.data(), sizeof n);
        return n == number() && length == 38 && text.back() == 't';
    }
};

// A large one. A word of each cache line is written and read: so all of it moves, and little else is measured.
struct parcel {
    std::vector<std::uint64_t> words;

    static parcel make(std::size_t bytes) { return {std::vector<std::uint64_t>(bytes / 8)}; }
    void write(std::uint64_t n) noexcept {
        for (std::size_t i = 0; i < words.size(); i += 8) words[i] = n + i;
    }
    std::uint64_t number() const noexcept { return words.empty() ? 0 : words[0]; }
    bool whole() const noexcept {
        std::uint64_t wrong = words.empty() ? 1 : 0;
        for (std::size_t i = 0; i < words.size(); i += 8) wrong |= words[i] ^ (words[0] + i);
        return wrong == 0;
    }
};

}  // namespace bench
