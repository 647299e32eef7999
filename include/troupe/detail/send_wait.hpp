#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include <troupe/detail/channel_use.hpp>
#include <troupe/detail/encoded_message.hpp>
#include <troupe/detail/message_frame.hpp>
#include <troupe/detail/room_wait.hpp>

namespace troupe::channel {
class outbox;
}

namespace troupe::detail {

// Waits until there is room and sends.
class send_wait final : public room_wait {
public:
    // A flat message of so few bytes is kept here.
    static constexpr std::size_t most_kept = 64;

    send_wait(channel::outbox& to, message_frame frame, encoded_message message) noexcept
        : use_(to), to_(&to), frame_(frame), message_(std::move(message)) {}
    send_wait(channel::outbox& to, message_frame frame, const void* flat, std::uint32_t bytes) noexcept
        : use_(to), to_(&to), frame_(frame), message_(nullptr), bytes_kept_(bytes) {
        std::memcpy(kept_.data(), flat, bytes);
    }
    send_wait(send_wait&& other) noexcept
        : room_wait(),
          use_(std::move(other.use_)),
          to_(other.to_),
          frame_(other.frame_),
          message_(std::move(other.message_)),
          block_(std::exchange(other.block_, 0)),
          bytes_kept_(other.bytes_kept_),
          kept_(other.kept_) {}
    send_wait& operator=(send_wait&&) = delete;
    ~send_wait() {
        if (block_ != 0) drop_block();
    }

    // Throws `closed` when the channel has ended, with a sentence about `what`.
    void await_resume() const { throw_if_failed(); }

    // Without waiting. Where it was not sent, what the message lent is its owner's again.
    push_result try_once();

private:
    push_result try_send();
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;
    void put_back_moved() noexcept;
    void drop_block() noexcept;

    channel_use use_;
    channel::outbox* to_;
    message_frame frame_;
    encoded_message message_;
    std::uint64_t block_ = 0;  // of a message that goes beside the ring
    std::uint32_t bytes_kept_ = 0;
    std::array<std::byte, most_kept> kept_;
};

}  // namespace troupe::detail
