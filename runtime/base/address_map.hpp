// The mappings of this process, read from /proc/self/maps with nothing but open and read: for a crash handler.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace troupe::base {

struct mapping {
    std::uint64_t begin;
    std::uint64_t end;
    std::uint64_t offset;  // in the file
    bool readable;
    char path[768];  // cut; empty for memory without a name
};

// From the lowest address to the highest. Async-signal-safe.
class address_map {
public:
    address_map() noexcept;
    ~address_map();
    address_map(const address_map&) = delete;
    address_map& operator=(const address_map&) = delete;

    // Valid until the next call; null at the end.
    const mapping* next() noexcept;

private:
    int take() noexcept;  // the next character, -1 at the end
    std::uint64_t take_number(char until) noexcept;

    int fd_;
    std::size_t at_ = 0;
    std::size_t filled_ = 0;
    std::array<char, 4096> buffer_;
    mapping now_{};
};

}  // namespace troupe::base
