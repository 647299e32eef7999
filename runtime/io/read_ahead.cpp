#include "io/read_ahead.hpp"

#include <algorithm>
#include <cstring>

namespace troupe::io {
namespace {

constexpr std::size_t smallest = 4096;
constexpr std::size_t kept_when_empty = 64 * 1024;

}  // namespace

std::span<char> read_ahead::room(std::size_t least) {
    const std::size_t used = end_ - begin_;
    if (size_ - end_ < least) {
        if (size_ - used >= least && begin_ >= used) {
            std::memcpy(bytes_.get(), bytes_.get() + begin_, used);
        } else {
            const std::size_t size = (std::max)({smallest, size_ * 2, used + least});
            std::unique_ptr<char[]> larger(new char[size]);
            if (used != 0) std::memcpy(larger.get(), bytes_.get() + begin_, used);
            bytes_ = std::move(larger);
            size_ = size;
        }
        begin_ = 0;
        end_ = used;
    }
    return {bytes_.get() + end_, size_ - end_};
}

void read_ahead::drop(std::size_t bytes) noexcept {
    begin_ += bytes;
    if (begin_ != end_) return;
    begin_ = end_ = 0;
    if (size_ <= kept_when_empty) return;
    bytes_.reset();
    size_ = 0;
}

}  // namespace troupe::io
