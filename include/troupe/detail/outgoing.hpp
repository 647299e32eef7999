// A message between its value and a ring: the bytes, and the handles (mailboxes, queues, connections) it carries.
// Handles travel beside the bytes, because the receiving process has to be given descriptors for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace troupe::detail {

// The most bytes a message may have. Past it encode throws too_large.
inline constexpr std::size_t largest_message = std::size_t{1} << 30;

// Values nest at most this deep, counted in structs, containers, optionals and variants.
inline constexpr std::size_t deepest_nesting = 64;

// Bytes that grow at the end. Cleared, it keeps its memory; growing, it does not fill what it hands out.
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

// A handle on its way: which shared object, and which part in it the holder plays (a sender, a pipe's second end).
struct handle_ref {
    std::uint64_t object = 0;
    std::uint32_t role = 0;
    friend bool operator==(const handle_ref&, const handle_ref&) = default;
};

// What encode fills. Meant to be reused: clear() keeps the memory.
struct outgoing {
    byte_buffer bytes;
    std::vector<handle_ref> handles;
    bool flat = false;  // the bytes are the value's own; otherwise they are msgpack

    void clear() noexcept {
        bytes.clear();
        handles.clear();
        flat = false;
    }
};

// What decode reads. The bytes come from another process and are trusted in nothing.
struct incoming {
    std::span<const std::byte> bytes;
    std::span<const handle_ref> handles;
    bool flat = false;
};

inline incoming as_incoming(const outgoing& message) noexcept { return {message.bytes, message.handles, message.flat}; }

}  // namespace troupe::detail
