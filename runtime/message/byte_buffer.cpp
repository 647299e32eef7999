#include <troupe/detail/outgoing.hpp>
#include <troupe/detail/shape.hpp>
#include <troupe/error.hpp>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/pages.hpp"

namespace troupe::detail {

byte_buffer::byte_buffer(byte_buffer&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

byte_buffer& byte_buffer::operator=(byte_buffer&& other) noexcept {
    std::swap(begin_, other.begin_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
}

byte_buffer::~byte_buffer() { std::free(begin_); }

// realloc, because a large block is then moved by the kernel's page tables instead of by copying.
void byte_buffer::grow(std::size_t n) {
    if (n > largest_message - size_) throw too_large("too large: a message may have 1 GiB; send the value in parts");
    const std::size_t wanted = std::min(std::max({capacity_ * 2, size_ + n, std::size_t{256}}), largest_message);
    void* const moved = std::realloc(begin_, wanted);
    if (moved == nullptr) throw std::bad_alloc();
    begin_ = static_cast<std::byte*>(moved);
    capacity_ = wanted;
    if (n >= large_memory) about_to_fill(begin_ + size_, n);
}

void about_to_fill(void* memory, std::size_t bytes) noexcept { base::map_pages_within(memory, bytes); }

}  // namespace troupe::detail
