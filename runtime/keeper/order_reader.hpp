// Finds orders in what is read from the pipe, which is whatever anybody wrote there.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/owned_fd.hpp"
#include "shm/order.hpp"

namespace troupe::keepers {

class order_reader {
public:
    // A pipe that nobody ever finds at its end, because this object itself can write to it. Without one there are no
    // orders: the system has no descriptor left, or no /proc, through which alone it could be reached.
    void open() noexcept;
    void close() noexcept { pipe_.reset(); }
    int pipe() const noexcept { return pipe_.get(); }  // -1: there is none

    // Reads what is there, but no more than a few orders can be; the rest is left for the next time.
    void read() noexcept;
    // The next one that is whole, is of this layout and is good at that time (ms); what is before it is dropped.
    std::optional<shm::order> take(std::uint64_t now_ms) noexcept;

private:
    static constexpr std::size_t most_at_once = 8;

    void drop(std::size_t bytes) noexcept;

    base::owned_fd pipe_;
    std::array<std::byte, (most_at_once + 1) * sizeof(shm::order)> bytes_{};
    std::size_t length_ = 0;
};

}  // namespace troupe::keepers
