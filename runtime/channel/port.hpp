// What this process has of one channel: the ends it holds, a way to send, and a way to receive.
//
// Handles (queue, connection) share it by count. The process's bit stands in the record's `readers` (`writers`) while
// its count of that end is not zero. A mailbox is read by its actor from birth, and sent to by whoever has a reference;
// no end of it is held.
#pragma once

#include <cstdint>
#include <memory>

#include <troupe/detail/end_hold.hpp>

#include "channel/attachment.hpp"
#include "channel/lone_inbox.hpp"
#include "channel/outbox.hpp"

namespace troupe::channel {

class port {
public:
    port(participant& here, shm::channel_id id, shm::channel_record& record);
    port(const port&) = delete;
    port& operator=(const port&) = delete;

    attachment& of() noexcept { return of_; }
    const attachment& of() const noexcept { return of_; }
    class outbox& out() noexcept { return out_; }
    // Of a mailbox, or a lane for replies: whose it is.
    detail::actor_id target() const noexcept { return out_.target(); }
    // Null unless this process receives here, or has done so.
    inbox* in() const noexcept { return in_.get(); }

    void hold(std::uint32_t role);
    void release(std::uint32_t role) noexcept;  // may destroy the port
    // This process is the one reader from now on, and takes over what is there. Throws corrupt if the ring is damaged.
    lone_inbox& read_alone();
    // The receiving end of a pipe is about to leave this process: from its message on, the ring is its next owner's.
    void stop_reading() noexcept;

    // Nobody holds an end of it, waits in it or may come to wait, or reads it.
    bool idle() const noexcept;

private:
    void note_if_kept() noexcept;

    attachment of_;
    class outbox out_;
    std::unique_ptr<inbox> in_;
    lone_inbox* lone_ = nullptr;                 // the inbox, where it is one
    std::uint32_t receiving_ = 0, sending_ = 0;  // counts of holds
};

}  // namespace troupe::channel
