// A cell: what a lock, an array, an event, a barrier, a semaphore or a condition is in shared memory.
//
//   free ──claim──> making ──open──> open ──free──> free
//                     └──────────free──────────────> free
//
//   0      8  id             cell_id
//   8      4  life           as a channel's
//   12     4  kind
//   16     8  word           who has the lock, who came last      the line of a lock, or of a semaphore's turnstile
//   24     4  oldest         of the line; 0: to be looked for
//   28     4  value bytes    of a lock
//   32     8  burying        who is being taken out of the line
//   40     8  died           the actor that died with the lock
//   48     8  died how       as in the exit log
//   56     8  version        changes before every change of a holder
//   64    64  content        the value, where it has up to 64 bytes; else the words of its kind
//   128  512  holders        processes that have a handle
//   640  512  waiting        processes that sleep on an event or a barrier; that cannot write to a frozen array
//
// Whoever has a handle may lock, so a process has its bit in `holders` before anything else. `oldest`, `burying` and
// `died` are written by whoever has the gate, or by the keeper for one that is dead.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/machine.hpp"
#include "base/published.hpp"
#include "shm/block.hpp"
#include "shm/burial_note.hpp"
#include "shm/cell_id.hpp"
#include "shm/channel_record.hpp"
#include "shm/condition_cell.hpp"
#include "shm/lock_word.hpp"
#include "shm/meeting_cells.hpp"
#include "shm/wait_set.hpp"

namespace troupe::shm {

inline constexpr std::uint32_t most_cells = 65536;
inline constexpr std::size_t cell_value_bytes = 64;

enum class cell_kind : std::uint32_t { lock, large_lock, array, event, barrier, semaphore, condition };

// The name of what the cell is, or was last.
class cell_name {
public:
    // sync: cell - observes the cell's fields
    cell_id get() const noexcept { return {word_.load(std::memory_order_acquire)}; }
    // sync: cell - publishes the cell's fields, or that the old name is void
    void set(cell_id name) noexcept { word_.store(name.value, std::memory_order_release); }

private:
    std::atomic<std::uint64_t> word_;
};

class holder_version {
public:
    // sync: version - observes the holders before it, and that nothing has changed
    std::uint64_t get() const noexcept { return word_.load(std::memory_order_acquire); }
    // sync: version - publishes that a holder is about to change
    void change() noexcept { word_.fetch_add(1, std::memory_order_acq_rel); }

private:
    std::atomic<std::uint64_t> word_;
};

class frozen_flag {
public:
    // sync: frozen - observes that nobody may write any more
    bool get() const noexcept { return word_.load(std::memory_order_seq_cst) != 0; }
    // sync: frozen - publishes that nobody may write any more, before it is looked who can
    void set() noexcept { word_.store(1, std::memory_order_seq_cst); }

private:
    std::atomic<std::uint32_t> word_;
};

// Of a lock whose value does not fit into its cell, and of an array. Published by the cell's name.
struct memory_cell {
    base::published<std::uint64_t> block;  // block_id
    base::published<std::uint64_t> bytes;
    frozen_flag frozen;  // of an array: whoever cannot write to it any more has its bit in `waiting`
};

struct alignas(base::line_bytes) cell {
    cell_name id;
    channel_life life;
    base::published<cell_kind> kind;  // published by the id
    lock_word word;
    base::published<std::uint32_t> oldest;       // published by the word
    base::published<std::uint32_t> value_bytes;  // of a lock: 0, and it is a mutex. Published when it is opened
    burial_note burying;
    base::published<std::uint64_t> died;      // published by the word
    base::published<std::uint64_t> died_how;  // the same
    holder_version version;
    alignas(cell_value_bytes) std::byte content[cell_value_bytes];
    wait_set holders;
    wait_set waiting;

    cell_id name() const noexcept { return id.get(); }
    bool is_open() const noexcept { return life.state() == channel_state::open; }
    void hold(std::uint16_t slot) noexcept {
        version.change();
        holders.add(slot);
    }
    void let_go(std::uint16_t slot) noexcept {
        version.change();
        holders.remove(slot);
    }

    bool has_block() const noexcept { return kind.get() == cell_kind::large_lock || kind.get() == cell_kind::array; }
    memory_cell& memory() noexcept { return *reinterpret_cast<memory_cell*>(content); }
    const memory_cell& memory() const noexcept { return *reinterpret_cast<const memory_cell*>(content); }
    semaphore_cell& semaphore() noexcept { return *reinterpret_cast<semaphore_cell*>(content); }
    event_cell& event() noexcept { return *reinterpret_cast<event_cell*>(content); }
    barrier_cell& barrier() noexcept { return *reinterpret_cast<barrier_cell*>(content); }
    condition_cell& condition() noexcept { return *reinterpret_cast<condition_cell*>(content); }

    // By whoever has claimed it. The id comes last, see cell_table.
    void begin(cell_kind what) noexcept {
        kind.set(what);
        word.begin();
        oldest.set(0);
        value_bytes.set(0);
        burying.clear();
        died.set(0);
        died_how.set(0);
        for (std::byte& one : content) one = std::byte{};
    }
};
static_assert(sizeof(cell) == 1152 && offsetof(cell, content) == 64 && offsetof(cell, holders) == 128);
static_assert(sizeof(memory_cell) <= cell_value_bytes && sizeof(semaphore_cell) <= cell_value_bytes &&
              sizeof(barrier_cell) <= cell_value_bytes && sizeof(condition_cell) <= cell_value_bytes);

}  // namespace troupe::shm
