#include "keeper/order_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "shm/program_header.hpp"

namespace troupe::keepers {
namespace {

// How good_until lies ahead of now, by the bits that both have.
bool is_good(const shm::order& one, std::uint64_t now_ms) noexcept {
    const std::uint32_t left = one.good_until - static_cast<std::uint32_t>(now_ms);
    return left != 0 && left <= shm::longest_order_ms;
}

bool makes_sense(const shm::order& one) noexcept {
    const auto kind = static_cast<unsigned>(one.kind);
    const unsigned known = one.kind == shm::order_kind::observe ? shm::observe_timing | shm::observe_trace : 0u;
    return one.layout == shm::layout_version && one.number != 0 && kind != 0 &&
           kind <= static_cast<unsigned>(shm::last_order_kind) && one.budget_ms <= shm::most_budget_ms &&
           (one.what & ~known) == 0;
}

}  // namespace

void order_reader::open() noexcept {
    int made[2];
    if (pipe2(made, O_CLOEXEC | O_NONBLOCK) != 0) return;
    const base::owned_fd near(made[0]), far(made[1]);
    char path[32] = "/proc/self/fd/";
    *std::to_chars(path + std::strlen(path), path + sizeof path - 1, near.get()).ptr = '\0';
    pipe_ = base::above_standard(base::owned_fd(::open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK)));
}

void order_reader::read() noexcept {
    const ssize_t got = ::read(pipe_.get(), bytes_.data() + length_, bytes_.size() - length_);
    if (got > 0) length_ += static_cast<std::size_t>(got);
}

std::optional<shm::order> order_reader::take(std::uint64_t now_ms) noexcept {
    shm::order one;
    while (length_ >= sizeof one) {
        std::memcpy(&one, bytes_.data(), sizeof one);
        if (one.magic == shm::order_magic && makes_sense(one)) {
            drop(sizeof one);
            if (is_good(one, now_ms)) return one;
            continue;
        }
        // Not all of it: a magic word in the nonsense before an order must not cost that order.
        drop(1);
        constexpr auto first = static_cast<std::byte>(shm::order_magic & 0xff);
        const auto* const begin = bytes_.data();
        drop(static_cast<std::size_t>(std::find(begin, begin + length_, first) - begin));
    }
    return std::nullopt;
}

void order_reader::drop(std::size_t bytes) noexcept {
    length_ -= bytes;
    std::memmove(bytes_.data(), bytes_.data() + bytes, length_);
}

}  // namespace troupe::keepers
