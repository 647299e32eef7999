// One process's view of one channel: what both ends of it stand on.
#pragma once

#include <cstdint>

#include "channel/participant.hpp"
#include "shm/program_memory.hpp"

namespace troupe::channel {

// What a channel of this kind is called where its user reads it.
const char* noun(shm::channel_kind kind);

class attachment {
public:
    attachment(participant& here, shm::channel_id id, shm::channel_record& record);
    attachment(const attachment&) = delete;
    attachment& operator=(const attachment&) = delete;

    participant& here() const noexcept { return here_; }
    shm::program_memory& memory() const noexcept { return here_.memory(); }
    shm::channel_id id() const noexcept { return id_; }
    shm::channel_kind kind() const noexcept { return kind_; }
    shm::channel_record& record() const noexcept { return *record_; }
    const shm::ring& ring() const noexcept { return ring_; }
    const char* noun() const noexcept { return channel::noun(kind_); }

    // Before the first claim, or the first take: says in this process's slot that it may leave something in the ring.
    // The keeper then knows whose readers to notify when the process has died.
    void announce() noexcept {
        if (!announced_) announce_first();
    }

    // A record was committed while its reader was parked: notifies the reader, or one of those that wait.
    void notify_reader() noexcept;
    void notify_writers() noexcept { here_.notify_all(ring_.waiting_writers()); }
    // No claim succeeds from now on; whoever waits at either end is notified.
    void close() noexcept;
    // Whether this process holds an end of it, reads it, or names an actor by it: then its port is kept.
    bool is_kept() const noexcept { return kept_; }
    void keep(bool kept) noexcept { kept_ = kept; }

    // Waits that were made for it: until they are destroyed, its port stays. The end of the last may take it along.
    void begin_use() noexcept { ++uses_; }
    void end_use() noexcept {
        if (--uses_ == 0 && !kept_) here_.forget_if_idle(id_);
    }
    bool in_use() const noexcept { return uses_ != 0; }

    // Frees a parcel whose message is not delivered.
    void drop_parcel(std::uint64_t block) noexcept { here_.drop_parcel(block); }

private:
    void announce_first() noexcept;

    participant& here_;
    shm::channel_id id_;
    shm::channel_record* record_;
    shm::channel_kind kind_;
    shm::ring ring_;
    std::uint32_t last_notified_ = 0;  // of many readers, whose turn it was last
    std::uint32_t uses_ = 0;
    bool announced_ = false;
    bool kept_ = false;
};

}  // namespace troupe::channel
