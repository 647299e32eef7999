// How actors ended, a word for each, by serial: what is still known of one whose slot has another actor.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <troupe/detail/actor_id.hpp>
#include <troupe/exit_status.hpp>

#include "shm/segment.hpp"

namespace troupe::shm {

// serial:40 | valid:1 | lost:1 | core:1 | signal:7 | code:8. 0: nothing has ended.
std::uint64_t pack_end(detail::actor_id actor, const exit_status& status);
// Nothing if the word is of another actor.
std::optional<exit_status> unpack_end(std::uint64_t word, detail::actor_id actor);

inline constexpr std::size_t exit_log_entries = std::size_t{1} << 20;
inline constexpr std::size_t exit_log_bytes = exit_log_entries * sizeof(std::uint64_t);

class exit_log {
public:
    exit_log() = default;
    exit_log(segment& memory, std::byte* entries) : memory_(&memory), entries_(entries) {}

    // Backed as it grows. Without memory the entry is lost: once the slot is used again, nobody knows how it ended.
    void write(detail::actor_id actor, std::uint64_t end);
    // Nothing if it has not ended, or so long ago that its entry was used again.
    std::optional<exit_status> find(detail::actor_id actor) const noexcept;

private:
    std::atomic<std::uint64_t>& entry(detail::actor_id actor) const noexcept;

    segment* memory_ = nullptr;
    std::byte* entries_ = nullptr;
};

}  // namespace troupe::shm
