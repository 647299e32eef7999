#pragma once

#include <cstdint>

#include <troupe/detail/wait.hpp>

namespace troupe::detail {

enum class push_result : std::uint8_t { sent, full, closed };

// What waits for room in a channel.
class room_wait : public wait {
public:
    room_wait* next_waiting = nullptr;

protected:
    room_wait() noexcept = default;
};

}  // namespace troupe::detail
