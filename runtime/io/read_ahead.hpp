// What was read from a stream and nobody has taken yet.
//
// The bytes lie in one piece, so that a line can be looked for in them. The piece grows with what has to lie in it, and
// a large one is given back once it is empty: a connection that is idle keeps little, or nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace troupe::io {

class read_ahead {
public:
    bool empty() const noexcept { return begin_ == end_; }
    std::string_view content() const noexcept { return {bytes_.get() + begin_, end_ - begin_}; }

    // Room behind the content, for `least` bytes or more. What is written into it counts once `grow` is called.
    std::span<char> room(std::size_t least);
    void grow(std::size_t bytes) noexcept { end_ += bytes; }

    // The first `bytes` of the content were taken.
    void drop(std::size_t bytes) noexcept;

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace troupe::io
