// The receiving end of a queue: one of many readers, one for each process that holds the queue.
#pragma once

#include "channel/inbox.hpp"
#include "shm/ring_shared_reader.hpp"

namespace troupe::channel {

class shared_inbox final : public inbox {
public:
    explicit shared_inbox(attachment& of);
    ~shared_inbox() override { dismiss(); }

    picked pick(detail::letter& into, const detail::receive_wait* wants, shm::looking how) override;
    void finish(detail::letter& taken) noexcept override;
    void leave(detail::receive_wait& one) noexcept override;

private:
    bool poll() override;
    bool glance() override { return waited_for() && reader_.glance(); }
    loop::parking park() override;
    void unpark() override;

    bool notice_deaths();
    // Notifies those to whom something came: room, a record, the last report of an item.
    void pass_on(bool writers_wait = false) noexcept;

    shm::ring_shared_reader reader_;
};

}  // namespace troupe::channel
