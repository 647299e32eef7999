#pragma once

#include <cstddef>
#include <cstring>
#include <span>

namespace troupe::detail {

// The most bytes that a message may have. Beyond that, encode throws too_large.
inline constexpr std::size_t largest_message = std::size_t{1} << 30;

// Bytes that grow at the end. When it is cleared it keeps its memory, and growing does not fill the new bytes.
class byte_buffer {
public:
    byte_buffer() noexcept = default;
    byte_buffer(byte_buffer&& other) noexcept;
    byte_buffer& operator=(byte_buffer&& other) noexcept;
    ~byte_buffer();

    const std::byte* data() const noexcept { return begin_; }
    std::byte* data() noexcept { return begin_; }
    std::size_t size() const noexcept { return size_; }
    std::size_t capacity() const noexcept { return capacity_; }
    bool empty() const noexcept { return size_ == 0; }
    operator std::span<const std::byte>() const noexcept { return {begin_, size_}; }

    void clear() noexcept { size_ = 0; }
    void truncate(std::size_t size) noexcept { size_ = size < size_ ? size : size_; }

    // Room for n more bytes, which the caller fills. Throws too_large when the whole would pass `largest_message`.
    std::byte* extend(std::size_t n) {
        if (n > capacity_ - size_) grow(n);
        std::byte* const room = begin_ + size_;
        size_ += n;
        return room;
    }
    void append(const void* bytes, std::size_t n) {
        std::byte* const room = extend(n);
        if (n != 0) std::memcpy(room, bytes, n);
    }

private:
    void grow(std::size_t n);

    std::byte* begin_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace troupe::detail
