// The receiving end of a ring that one process reads: a mailbox, a direction of a pipe, the lane for replies.
//
// A letter in hand is consumed by `finish`, and lost with its reader only from that moment on. A receive that wants
// some types passes over others: they are filed by type, and examined once (passed_over.hpp).
//
// Room is given back in batches. What is owed is returned after some turns at whose end a writer waited for it, and
// before the process sleeps, because what it sleeps for may depend on that writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "channel/inbox.hpp"
#include "channel/own_letters.hpp"
#include "channel/passed_over.hpp"

namespace troupe::channel {

class lone_inbox final : public inbox {
public:
    explicit lone_inbox(attachment& of) : inbox(of) {}
    ~lone_inbox() override;

    // From now on this process is the ring's reader, and takes over what is in it. Throws corrupt if it is damaged.
    void start_reading();
    // The ring is another process's from now on; whoever waits here reads the end of the stream.
    void stop_reading() noexcept;
    bool reads() const noexcept { return reader_.has_value(); }

    picked pick(detail::letter& into, const detail::receive_wait* wants, shm::looking how) override;
    void finish(detail::letter& taken) noexcept override;

    // A message that this process puts into its own mailbox, before all others.
    void put_own(std::uint32_t type, detail::encoded_message message);
    std::size_t own_waiting(std::uint32_t type) const noexcept { return own_.size_of(type); }

    // Gives back the room of what was consumed.
    void flush();
    // The same if a writer waits for it, or the process is about to sleep.
    void return_room(bool before_sleep);

    // For whoever polls the inbox of its own accord (the lane for replies).
    using inbox::due_look;
    bool glance_for_letter() { return reader_->glance(); }
    loop::parking park_for_letter();
    void unpark() override;

    // Of the records that a selective receive has passed over and comes back to: how many were looked at, for tests.
    std::uint64_t records_examined() const noexcept { return passed_over_.looks(); }

private:
    bool poll() override;
    bool glance() override { return waited_for() && reads() && glance_for_letter(); }
    loop::parking park() override { return waited_for() && reads() ? park_for_letter() : loop::parking::parked; }

    shm::sight find(const detail::receive_wait* wants, shm::looking how, mail::envelope& found);
    shm::sight find_behind(shm::sight seen, const detail::receive_wait* wants, shm::looking how, mail::envelope& found);
    bool is_refused(const mail::envelope& found) noexcept;
    [[noreturn]] static void throw_in_hand();
    void examine_all();
    bool wake_if_due(detail::receive_wait& one, shm::looking how);
    void notify_writers(bool they_wait) noexcept;

    std::optional<shm::ring_reader> reader_;
    own_letters own_;
    passed_over passed_over_;
    std::vector<std::uint64_t> promised_;  // records that somebody was woken for in this turn
    std::uint32_t turns_owing_ = 0;        // at whose end a writer waited for room that was not given back
};

}  // namespace troupe::channel
