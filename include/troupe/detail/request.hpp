// The seam between the templates of actor references and their compiled core: requests, and the fates of actors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <troupe/detail/actor_id.hpp>
#include <troupe/detail/decoded.hpp>
#include <troupe/detail/port.hpp>
#include <troupe/exit_status.hpp>

namespace troupe::detail {

// The port to an actor's mailbox. Throws actor_died, or misuse when the reference names nobody or an actor without one.
port& mailbox_of(actor_id actor);

// --- fates ---------------------------------------------------------------------------------------------------------

// Waits for the end of an actor.
class fate_wait : public wait {
public:
    explicit fate_wait(actor_id actor) noexcept : actor_(actor) {}

    actor_id subject() const noexcept { return actor_; }
    fate_wait* next_waiting = nullptr;

protected:
    exit_status status() { return std::move(status_); }

private:
    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;

    actor_id actor_;
    exit_status status_;
};

// --- requests ------------------------------------------------------------------------------------------------------

// What a reply is; the type of its frame.
enum reply_kind : std::uint32_t { reply_value = 1, reply_exception = 2, reply_nothing = 3 };

// Replies up to this size lie in the ring that brings them; the asker copies them out at once.
inline constexpr std::size_t inline_reply_bytes = 104;

// Sends a request when there is room, then waits for its reply.
class ask_wait : public room_wait {
public:
    ask_wait(actor_id target, message_frame frame, parting message);
    ask_wait(ask_wait&& other) noexcept;
    ask_wait& operator=(ask_wait&&) = delete;
    ~ask_wait();

    actor_id target() const noexcept { return target_; }
    void reply_arrived(letter& reply) noexcept;
    void target_died() noexcept {
        target_dead_ = true;
        wake();
    }

    ask_wait* next_turn = nullptr;

protected:
    // After `check()`. Throws remote_error when the handler threw.
    incoming reply();

private:
    enum class stage : std::uint8_t { unsent, sent, answered };
    enum class queued : std::uint8_t { nowhere, for_turn, for_room };

    bool try_finish() override;
    void enlist() override;
    void abandon() noexcept override;
    void send();
    void leave_queue() noexcept;

    actor_id target_;
    message_frame frame_;
    parting message_;
    port* to_ = nullptr;
    std::uint64_t request_block_ = 0;
    std::uint64_t reply_block_ = 0;
    stage stage_ = stage::unsent;
    queued queued_ = queued::nowhere;
    bool has_turn_ = true;  // a place among the requests under way
    bool target_dead_ = false;
    std::uint32_t kind_ = 0;
    incoming reply_;
    std::array<std::byte, inline_reply_bytes> inline_;
};

template <class Reply>
class ask_wait_for final : public ask_wait {
public:
    using ask_wait::ask_wait;
    Reply await_resume() {
        check();
        const incoming content = reply();
        if constexpr (!std::is_void_v<Reply>) return decoded<Reply>(content);
    }
};

}  // namespace troupe::detail
