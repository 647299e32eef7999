// Names of channels in shared memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

namespace troupe::shm {

// generation << 16 | index; the generation grows at every use of the record. 0 names none.
struct channel_id {
    std::uint64_t value = 0;
    static channel_id make(std::uint64_t generation, std::uint16_t index) { return {generation << 16 | index}; }
    std::uint16_t index() const { return static_cast<std::uint16_t>(value & 0xffff); }
    std::uint64_t generation() const { return value >> 16; }
    explicit operator bool() const { return value != 0; }
    friend bool operator==(channel_id, channel_id) = default;
};

// Which channel an actor has for a purpose, if it has one: its mailbox, or the lane that replies come through.
class own_channel {
public:
    std::optional<std::uint16_t> index() const noexcept {
        // sync: own channel - observes the record and its ring
        const std::uint32_t word = word_.load(std::memory_order_acquire);
        return word != 0 ? std::optional(static_cast<std::uint16_t>(word - 1)) : std::nullopt;
    }
    void set(channel_id channel) noexcept {
        // sync: own channel - publishes the record and its ring
        word_.store(channel.index() + 1u, std::memory_order_release);
    }
    void clear() noexcept { word_.store(0, std::memory_order_relaxed); }  // relaxed: there is nothing to publish

private:
    std::atomic<std::uint32_t> word_;  // index + 1; 0: none
};

}  // namespace troupe::shm
