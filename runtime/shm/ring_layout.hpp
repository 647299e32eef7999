// The format of a ring in shared memory. Every process of a program reads these words, so a change here changes
// `ring_layout_version`. The algorithm is in ring.hpp.
//
//   offset         bytes   what
//        0           128   ring_header::identity   written once: what this block is; and three cold words
//      128           128   tail                    swapped by writers; the reader sets and clears PARKED
//      256           128   head                    exchanged by the reader; writers only set WAITERS
//      384           128   reclaim, scrubbed       the reader's journal
//      512           128   sweeper                 many readers: who may move head
//      640           128   returns                 many readers: records given back so far
//      768           512   waiting writers         one bit for each process slot
//     1280           512   waiting readers
//     2048           8 N   claims                  who claimed the record that begins at this granule, in which lap
//     2048 +  8 N    8 N   marks                   who took it, or that it is consumed
//     2048 + 16 N   64 N   granules
//
//   tail       position:44  messages:18  CLOSED:1  PARKED:1
//   head       position:44  messages:18  0:1       WAITERS:1
//   reclaim    position:44  0:20
//   claim      lap:36  granules:10  state:2  owner:16
//   mark       lap:36  parts:10     state:2  owner:16
//              parts: one reader: messages consumed of a batch; many: how often the keeper gave it back for a dead one
//   sweeper    requests:47  owner + 1:17
//   header     flags:8  canary:24  kind:8  length:24      first word of a record's first granule; 0 = not committed
//
// Positions count granules and go round at 2^44; all comparison is by signed distance. A lap is position / N + 1, and
// goes round with the position. The reader refreshes old laps long before half of that circle has passed (scrubbing),
// so a lap in a word is never mistaken for one of another round.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/machine.hpp"
#include "shm/owner_id.hpp"
#include "shm/wait_set.hpp"

namespace troupe::shm {

inline constexpr std::uint64_t ring_magic = 0x676e697265707574;
inline constexpr std::uint32_t ring_layout_version = 2;
inline constexpr std::uint32_t granule_bytes = 64;
inline constexpr std::uint32_t record_header_bytes = 8;
inline constexpr std::uint32_t least_granules = 1u << 10;
inline constexpr std::uint32_t most_granules = 1u << 22;
inline constexpr std::uint32_t most_record_granules = 1023;
inline constexpr std::uint32_t most_messages = 1u
                                               << 17;  // in one ring at a time: half of what the counts can tell apart
inline constexpr std::size_t ring_header_bytes = 2048;

inline constexpr std::uint32_t position_bits = 44;
inline constexpr std::uint64_t position_mask = (std::uint64_t{1} << position_bits) - 1;

constexpr std::uint64_t position_after(std::uint64_t position, std::uint64_t granules) noexcept {
    return (position + granules) & position_mask;
}
// How far `to` lies ahead of `from`; negative when it lies behind.
constexpr std::int64_t distance(std::uint64_t from, std::uint64_t to) noexcept {
    return static_cast<std::int64_t>((to - from) << (64 - position_bits)) >> (64 - position_bits);
}
constexpr std::uint32_t granules_of(std::uint32_t payload_bytes) noexcept {
    return (record_header_bytes + payload_bytes + granule_bytes - 1) / granule_bytes;
}

struct tail_word {
    std::uint64_t bits = 0;

    static constexpr std::uint64_t parked_bit = 1;
    static constexpr std::uint64_t closed_bit = 2;

    constexpr std::uint64_t position() const noexcept { return bits >> 20; }
    constexpr std::uint32_t messages() const noexcept { return static_cast<std::uint32_t>(bits >> 2) & 0x3ffff; }
    constexpr bool closed() const noexcept { return (bits & closed_bit) != 0; }
    constexpr bool parked() const noexcept { return (bits & parked_bit) != 0; }
    // The word after a claim of so many granules: the flags stay, whoever advances.
    constexpr tail_word after(std::uint32_t granules, bool is_message) const noexcept {
        const std::uint64_t count = ((bits >> 2) + (is_message ? 1 : 0)) & 0x3ffff;
        return {position_after(position(), granules) << 20 | count << 2 | (bits & 3)};
    }
};

struct head_word {
    std::uint64_t bits = 0;

    static constexpr std::uint64_t waiters_bit = 1;

    static constexpr head_word make(std::uint64_t position, std::uint32_t messages) noexcept {
        return {position << 20 | static_cast<std::uint64_t>(messages & 0x3ffff) << 2};
    }
    constexpr std::uint64_t position() const noexcept { return bits >> 20; }
    constexpr std::uint32_t messages() const noexcept { return static_cast<std::uint32_t>(bits >> 2) & 0x3ffff; }
    constexpr bool waiters() const noexcept { return (bits & waiters_bit) != 0; }
};

// What the counts can tell apart. A head that was seen long before the tail may lie further behind it than that.
inline constexpr std::uint32_t count_circle = 1u << 18;

// Messages claimed since that head, as far as the counts tell: right if fewer than `count_circle` granules lie between.
constexpr std::uint32_t claimed_since(head_word head, tail_word tail) noexcept {
    return (tail.messages() - head.messages()) & (count_circle - 1);
}
// Messages in a ring, of whose words each was as given at one moment. The tail may lag one record behind a head that
// skipped a dead claim: that is none.
constexpr std::uint32_t messages_between(head_word head, tail_word tail) noexcept {
    const std::uint32_t count = claimed_since(head, tail);
    return count > most_messages ? 0 : count;
}

struct reclaim_word {
    std::uint64_t bits = 0;

    static constexpr reclaim_word make(std::uint64_t position) noexcept { return {position << 20}; }
    constexpr std::uint64_t position() const noexcept { return bits >> 20; }
};

enum class claim_state : std::uint8_t { none = 0, message = 1, pad = 2 };

struct claim_word {
    std::uint64_t bits = 0;

    static constexpr claim_word make(std::uint64_t lap, std::uint32_t granules, claim_state state,
                                     owner_id owner) noexcept {
        return {lap << 28 | static_cast<std::uint64_t>(granules & 0x3ff) << 18 |
                static_cast<std::uint64_t>(state) << 16 | std::uint64_t{owner.value}};
    }
    constexpr std::uint64_t lap() const noexcept { return bits >> 28; }
    constexpr std::uint32_t granules() const noexcept { return static_cast<std::uint32_t>(bits >> 18) & 0x3ff; }
    constexpr claim_state state() const noexcept { return static_cast<claim_state>(bits >> 16 & 3); }
    constexpr owner_id owner() const noexcept { return {static_cast<std::uint16_t>(bits & 0xffff)}; }
};

enum class mark_state : std::uint8_t { available = 0, taken = 1, done = 2 };

inline constexpr std::uint32_t most_parts = 1023;

struct mark_word {
    std::uint64_t bits = 0;

    static constexpr mark_word make(std::uint64_t lap, mark_state state, owner_id owner,
                                    std::uint32_t parts = 0) noexcept {
        return {lap << 28 | static_cast<std::uint64_t>(parts & most_parts) << 18 |
                static_cast<std::uint64_t>(state) << 16 | std::uint64_t{owner.value}};
    }
    constexpr std::uint64_t lap() const noexcept { return bits >> 28; }
    constexpr std::uint32_t parts() const noexcept { return static_cast<std::uint32_t>(bits >> 18) & most_parts; }
    constexpr mark_state state() const noexcept { return static_cast<mark_state>(bits >> 16 & 3); }
    constexpr owner_id owner() const noexcept { return {static_cast<std::uint16_t>(bits & 0xffff)}; }
};

struct sweeper_word {
    std::uint64_t bits = 0;

    constexpr bool owned() const noexcept { return (bits & 0x1ffff) != 0; }
    constexpr owner_id owner() const noexcept { return {static_cast<std::uint16_t>((bits & 0x1ffff) - 1)}; }
    constexpr sweeper_word requested() const noexcept { return {bits + 0x20000}; }
    constexpr sweeper_word owned_by(owner_id owner) const noexcept {
        return {(bits & ~std::uint64_t{0x1ffff}) | (std::uint64_t{owner.value} + 1)};
    }
    constexpr sweeper_word released() const noexcept { return {bits & ~std::uint64_t{0x1ffff}}; }
};

struct record_header {
    std::uint64_t bits = 0;

    static constexpr std::uint8_t committed_flag = 1;
    static constexpr std::uint8_t void_flag = 2;

    static constexpr record_header make(std::uint64_t position, std::uint32_t length, std::uint8_t kind,
                                        std::uint8_t flags) noexcept {
        return {static_cast<std::uint64_t>(flags) << 56 | (position & 0xffffff) << 32 |
                static_cast<std::uint64_t>(kind) << 24 | (length & 0xffffff)};
    }
    constexpr std::uint32_t length() const noexcept { return static_cast<std::uint32_t>(bits & 0xffffff); }
    constexpr std::uint8_t kind() const noexcept { return static_cast<std::uint8_t>(bits >> 24); }
    constexpr bool is_void() const noexcept { return (bits >> 56 & void_flag) != 0; }
    // Could a writer have committed this at `position`? Anything else is another process's stray store.
    constexpr bool credible(std::uint64_t position, std::uint32_t most_payload) const noexcept {
        const std::uint64_t flags = bits >> 56;
        return (flags | void_flag) == (committed_flag | void_flag) &&
               (bits >> 32 & 0xffffff) == (position & 0xffffff) && length() <= most_payload;
    }
};

using shared_word = std::atomic<std::uint64_t>;
static_assert(shared_word::is_always_lock_free && sizeof(shared_word) == 8);

struct ring_header {
    struct alignas(base::line_bytes) identity_block {
        std::uint64_t magic;
        std::uint32_t version;
        std::uint32_t granules;
        std::uint32_t mode;
        std::atomic<std::uint32_t> ending;  // a cold copy of CLOSED, set before it: many readers ask at every finish
        shared_word torn;
    };
    struct alignas(base::line_bytes) hot_word {
        shared_word word;
    };
    struct alignas(base::line_bytes) journal_block {
        shared_word reclaim;
        shared_word scrubbed;  // the position of the last scrub
    };

    identity_block identity;
    hot_word tail;
    hot_word head;
    journal_block journal;
    hot_word sweeper;
    hot_word returns;
    wait_set waiting_writers;
    wait_set waiting_readers;
};
static_assert(offsetof(ring_header, tail) == 128 && offsetof(ring_header, head) == 256);
static_assert(offsetof(ring_header, journal) == 384 && offsetof(ring_header, sweeper) == 512);
static_assert(offsetof(ring_header, returns) == 640 && offsetof(ring_header, waiting_writers) == 768);
static_assert(sizeof(ring_header) == 1792 && sizeof(ring_header) <= ring_header_bytes);

}  // namespace troupe::shm
