// One of many reading ends of a ring, one for each process and ring. Not thread-safe.
//
// take swaps the mark of the oldest available record to {this lap, taken, me}; finish makes it done; give_back makes it
// available again, in its old place. A record taken by a process that died is available again.
//
// Head moves over the prefix of done records, by one process at a time: the sweeper. Finishing counts a request in the
// sweeper's word; whoever finds nobody there, or a dead one, becomes it, and may leave only by a swap against the
// request count it last saw: no request is overlooked. Clearing a record twice is harmless, so a dead sweeper's work is
// done again. A sweeper that is stopped keeps room from coming back until it goes on, as a stopped writer does.
//
// A turn:  take(r), finish(r), ...; then if (writers_wait()) ring all of ring.waiting_writers()
//          and if (readers_wait()) ring one of ring.waiting_readers() (all of them once the ring is closed)
// To sleep: park(slot). To wake: take the rings, count the wake-up, unpark(slot), then take or decline: a reader
// that was rung and does not take must hand the ring on.
//
// Crash windows: taken - available to others. Done but not swept, half swept, or head moved and writers not rung -
// whoever calls notice_deaths sweeps, and the keeper rings all waiting. Rung and not taken - the keeper rings all
// waiting.
#pragma once

#include <cstdint>
#include <utility>

#include "shm/ring.hpp"

namespace troupe::shm {

class ring_shared_reader {
public:
    ring_shared_reader(const ring& ring, owner_id me, liveness who, std::uint64_t scrub_every = 0) noexcept;
    ring_shared_reader(const ring_shared_reader&) = delete;
    ring_shared_reader& operator=(const ring_shared_reader&) = delete;

    // `ended`: closed, and nothing is left that another might give back; what this process holds does not count.
    sight take(record& taken);
    // The record's bytes may be reused at once. True: writers_wait.
    bool finish(const record& r);
    // Others may take it; ring as readers_wait says.
    void give_back(const record& r);

    // Empty: parked, with this process in waiting_readers. Anything else: take again.
    sight park(std::uint32_t slot);
    void unpark(std::uint32_t slot);
    void decline();
    // Rung since, and nothing taken yet: decline unless something is.
    bool was_woken() const noexcept { return woken_; }

    // Is there anything where the last take stopped? One load, as ring_reader::glance.
    bool glance() const noexcept;

    // Some process that had this ring attached has died (the id is already dead): look at every record again, and
    // sweep.
    void notice_deaths();

    // True once after anything above found writers waiting: ring them all.
    bool writers_wait() noexcept { return std::exchange(writers_wait_, false); }
    // True once after anything above found that another reader should be awake.
    bool readers_wait() noexcept { return std::exchange(readers_wait_, false); }
    // True once after anything above moved the head, perhaps for a record that another had finished.
    bool head_moved() noexcept { return std::exchange(head_moved_, false); }

    const ring& of() const noexcept { return ring_; }

private:
    // What the walk found at a boundary. Everything in it was read before the swap that makes it true.
    struct place {
        std::uint64_t position = 0;
        claim_word claim;
        mark_word mark;
        record_header header;
    };
    enum class fate { available, passed, unclaimed, in_flight, changed, corrupt };

    sight find(place& at);
    sight nothing_at(std::uint64_t position);
    fate examine(place& at);
    bool holds(const record& r, mark_word& mine) const noexcept;
    fate if_unchanged(const place& at, fate verdict) const noexcept;
    bool write_off(const place& at);
    bool held_by_another() const;
    void pass_on();
    void sweep();
    void sweep_once();

    ring ring_;
    owner_id me_;
    liveness who_;
    std::uint64_t scrub_every_;
    std::uint64_t hint_ = 0;     // nothing before it is available
    std::uint64_t edge_ = 0;     // where the last walk stopped
    std::uint64_t returns_ = 0;  // as last seen
    bool rescan_ = true;
    bool sweep_due_ = true;  // an earlier reader may have died with work undone
    bool woken_ = false;
    bool writers_wait_ = false;
    bool readers_wait_ = false;
    bool head_moved_ = false;
};

}  // namespace troupe::shm
