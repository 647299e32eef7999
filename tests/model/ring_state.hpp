// The ring's algorithm as a model: four granules, records of one or two, every load, store and swap a step of its own,
// in one order for all (sequential consistency: weaker orders are ThreadSanitizer's and the hardware's to show).
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

namespace model {

inline constexpr int granules = 4, most_writers = 3, most_readers = 2;

// Faults to plant, so that the model is seen to find them.
enum class fault : std::uint8_t {
    none,
    no_keeper_bell,         // the keeper marks the dead and rings nobody
    claim_clears_parked,    // as UCX does
    plain_store_of_head,    // recovery stores the head where it should exchange, and believes WAITERS
    no_journal,             // granules are cleared before the journal says so
    park_without_mending,   // the reader does not move a tail that a dead writer left behind
    epoch_before_drain,     // counting the wake-up before draining the doorbell
    no_look_after_parking,  // the reader does not look for writers that give way
    wish_without_look,      // a writer sleeps without judging by the head its wish returned
    no_void_at_close,       // a writer that meets CLOSED on its way commits all the same
    header_claim,           // a dead writer's claim is skipped without a second look at its header
    sweeper_leaves,         // the sweeper releases without looking at the requests
    unmarked_void,          // the sweeper clears void records that are not marked done
    no_passing_on,          // a woken reader does not hand the bell on
    no_returns,             // giving back is not counted
    dead_sweeper_stays,     // nobody takes a dead sweeper's place
    scrub_too_far,          // old claim words are given the present lap
    no_second_look,         // a shared reader parks without looking again after PARKED
    no_rounds,              // giving back for a dead reader leaves no trace
    no_disowning,           // an id is given again while what its dead owner left still names it
};

struct setting {
    std::vector<std::vector<int>> sizes;  // of each writer's messages; negative: abandoned
    int readers = 0;                      // 0: one reader, restarted when it is killed; else so many that share
    int writer_kills = 0;
    int reader_kills = 0;
    int capacity = 100;
    std::vector<int> capacities = {};  // of each writer, where they differ
    bool sleeping = false;             // writers wait for room by WAITERS; else they try again
    bool giving_way = false;
    bool batching = false;  // the reader may put off flushing
    bool closing = false;
    bool scrubbing = false;
    int wanted = -1;           // a selective reader: the writer whose first message it wants before all others
    bool giving_back = false;  // the first shared reader gives back what it takes first, and leaves
    bool keeping = false;      // the first shared reader never finishes what it takes
    bool reviving = false;     // whoever was killed begins again, with the id it had
    fault planted = fault::none;

    int capacity_of(int writer) const {
        return capacities.empty() ? capacity : capacities[static_cast<std::size_t>(writer)];
    }
    int writers() const { return static_cast<int>(sizes.size()); }
    bool shared() const { return readers > 0; }
};

struct claim_word {
    std::uint8_t lap, size : 3, pad : 1, owner : 4;
    friend bool operator==(claim_word, claim_word) = default;
};
enum mark_state : std::uint8_t { available, taken, done };
struct mark_word {
    std::uint8_t lap, state : 2, rounds : 2, owner : 4;  // rounds: how often the keeper gave it back
    friend bool operator==(mark_word, mark_word) = default;
};

// What a granule's first word holds: 0, payload of a record, or a header.
enum : std::uint8_t { payload_tag = 0x40, header_tag = 0x80, void_tag = 0xc0, tag_mask = 0xc0 };

struct writer_state {
    std::uint8_t pc, message, position, copied, head_seen, gave_way_at, rung;  // rung: in this epoch
    std::uint8_t asking : 1, parked : 1, closed : 1, gave_way : 1, has_turn : 1, tight : 1, pad : 1, spare : 1;
    std::uint8_t tail_messages;
    claim_word seen;
};
struct reader_state {
    std::uint8_t pc, cursor, at, size, messages, zeroed;  // one reader: consumed before cursor; `at` where it looks
    mark_word seen;
    std::uint8_t returns_seen, deaths_seen, requests_seen, number, woken : 1, sweep_due : 1, rescan : 1, debt : 1,
        spare : 4;
};

struct state {
    std::uint8_t words[granules];
    claim_word claims[granules];
    mark_word marks[granules];
    std::uint8_t tail, tail_messages, parked, closed;
    std::uint8_t head, head_messages, waiters, reclaim;
    std::uint8_t sweeper, requests, returns, spare;  // sweeper: process + 1
    std::uint8_t bells, waiting_writers, waiting_readers, dead, deaths;
    std::uint8_t kills_left, reader_kills_left, closer;
    std::uint8_t
        reaping[most_writers + most_readers];  // 1: the keeper has yet to mark it dead, 2: to ring, 3: to disown
    std::uint8_t disowning, at, last, step;    // process + 1; where the keeper looks, how far, and what next
    std::uint8_t committed[most_writers];      // one reader: how many; many: which, as bits
    std::uint8_t delivered[most_writers];
    writer_state writer[most_writers];
    reader_state reader[most_readers];
};

inline int lap_of(int position) { return position / granules + 1; }
inline int index_of(int position) { return position % granules; }
inline int reader_process(int reader) { return most_writers + reader; }
inline std::uint8_t number_of(int writer, int message) { return static_cast<std::uint8_t>(writer << 3 | message); }
inline int size_of(const setting& s, int number) {
    const int size = s.sizes[static_cast<std::size_t>(number >> 3)][static_cast<std::size_t>(number & 7)];
    return size < 0 ? -size : size;
}
inline bool abandoned(const setting& s, int number) {
    return s.sizes[static_cast<std::size_t>(number >> 3)][static_cast<std::size_t>(number & 7)] < 0;
}

// Is the record at `position`, whose header is there, whole?
inline bool whole(const setting& set, const state& s, int position) {
    const int number = s.words[index_of(position)] & 0x3f;
    for (int i = 1; i < size_of(set, number); ++i)
        if (s.words[index_of(position + i)] != (payload_tag | number)) return false;
    return true;
}

// Moves the tail past a claim, as whoever comes first does.
inline void advance(state& s, claim_word claim) {
    s.tail = static_cast<std::uint8_t>(s.tail + claim.size);
    if (!claim.pad) ++s.tail_messages;
}

// A new epoch: whoever has rung in the last one may ring again.
inline void count_wake_up(state& s) {
    for (writer_state& writer : s.writer) writer.rung = 0;
}

inline void ring_all_writers(state& s) { s.bells |= s.waiting_writers; }
// As an owner of what a dead process left, when the keeper has disowned that.
inline constexpr int nobody = 15;
inline bool is_dead(const state& s, int process) { return process == nobody || (s.dead >> process & 1) != 0; }

}  // namespace model
