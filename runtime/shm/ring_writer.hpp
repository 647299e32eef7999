// The writing end of a ring, one for each process and ring. Not thread-safe.
//
// To wait for room:   ask_for_room(slot); while (try_claim(...) == room::full) sleep until rung; stop_asking(slot)
// A writer that has asked is told `full` only once its wish stands where the reader finds it.
//
// Giving way: under overload small records leave large ones no room (3 % of the bytes). So while some writer waits and
// the ring is over half full, a writer that was not waiting is told `full` until the head has moved once, or a reader
// has parked: the ring is then half as large for it. A parked reader looks for waiting writers after it has parked, so
// nobody waits for a head that will not move.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/check.hpp"
#include "base/step.hpp"
#include "shm/ring.hpp"

namespace troupe::shm {

enum class room { claimed, full, closed, corrupt };

class ring_writer;

// A place in the ring, to be filled and committed before anything else is claimed by the same writer. A claim that is
// dropped is committed as void; then ring_writer::owes_bell() must be asked.
class claim {
public:
    claim() noexcept = default;
    claim(claim&&) = delete;
    ~claim() {
        if (writer_ != nullptr) drop();
    }

    explicit operator bool() const noexcept { return writer_ != nullptr; }
    std::byte* payload() const noexcept { return payload_; }
    std::uint32_t bytes() const noexcept { return bytes_; }
    std::uint64_t position() const noexcept { return position_; }

    // True: the reader must be rung.
    [[nodiscard]] bool commit(std::uint8_t kind);
    [[nodiscard]] bool abandon();  // void: readers pass over it

private:
    friend class ring_writer;
    void drop() noexcept;
    bool finish(std::uint8_t kind, std::uint8_t flags) noexcept;

    ring_writer* writer_ = nullptr;
    std::byte* payload_ = nullptr;
    std::uint64_t position_ = 0;
    std::uint32_t bytes_ = 0;
    bool parked_ = false;
};

class ring_writer {
public:
    ring_writer(const ring& ring, owner_id me) noexcept;
    ring_writer(const ring_writer&) = delete;
    ring_writer& operator=(const ring_writer&) = delete;

    // `payload_bytes` at most ring.most_payload(); `out` must be empty. Full when there is no room, or when `capacity`
    // (1 to most_messages) messages are in the ring. `closed` may be said of a claim made just before the end.
    room try_claim(std::uint32_t payload_bytes, std::uint32_t capacity, claim& out);

    // Whether more claims are likely to follow at once: lines are then fetched ahead of them. One message at a time is
    // slower for it.
    void set_streaming(bool streams) noexcept { streams_ = streams; }

    void ask_for_room(std::uint32_t slot) noexcept;
    void stop_asking(std::uint32_t slot) noexcept;
    bool asking() const noexcept { return asking_; }
    // For a bound that the ring does not know, and that a move of the head relieves: a writer that has asked calls it
    // before it takes itself for refused. It may then sleep if the head still stands where it stood when it looked.
    void leave_wish() noexcept;

    // Whether the last claim was refused only because it gives way to others. Once a reader has parked, it need not:
    // the head may not move then.
    bool gave_way() const noexcept { return gave_way_ && !has_turn_; }

    // For the process that reads the ring itself: while it waits for room nobody moves the head.
    void never_give_way() noexcept { gives_way_ = false; }

    // True once, when a claim was dropped while the reader was parked: ring it.
    bool owes_bell() noexcept { return std::exchange(owes_bell_, false); }

    const ring& of() const noexcept { return ring_; }

private:
    friend class claim;
    enum class judgement { ample, tight, none, impossible };  // tight: the ring would be over half full
    enum class verdict { fits, full, look_again, impossible };
    verdict find_room(tail_word tail, std::uint32_t need, std::uint32_t capacity);
    judgement judge(tail_word tail, head_word head, std::uint32_t need, std::uint32_t capacity) const noexcept;
    bool gives_way(tail_word tail) noexcept;
    bool unmoved(tail_word tail, claim_word found) const noexcept;

    ring ring_;
    owner_id me_;
    head_word head_;                 // as last seen
    std::uint64_t gave_way_at_ = 0;  // the head's position then
    bool gave_way_ = false;
    bool gives_way_ = true;
    bool has_turn_ = false;  // it has found the ring really full, and gives way no more until it has claimed
    bool asking_ = false;
    bool owes_bell_ = false;
    bool streams_ = false;
};

inline bool claim::commit(std::uint8_t kind) {
    TROUPE_CHECK(writer_ != nullptr);
    TROUPE_STEP("ring: before commit");
    const bool ring = finish(kind, record_header::committed_flag);
    TROUPE_STEP("ring: committed");
    return ring;
}

inline bool claim::finish(std::uint8_t kind, std::uint8_t flags) noexcept {
    ring_writer* const writer = std::exchange(writer_, nullptr);
    // sync: commit - publishes the payload
    // crash: committed; the keeper rings the reader
    writer->ring_.record_at(position_).store(record_header::make(position_, bytes_, kind, flags).bits,
                                             std::memory_order_release);
    return parked_;
}

}  // namespace troupe::shm
