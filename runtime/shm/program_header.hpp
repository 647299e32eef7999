// What a program's shared memory begins with: what it is, and what all of its processes count together.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/machine.hpp"
#include "base/published.hpp"
#include "shm/block.hpp"
#include "shm/bulletin.hpp"
#include "shm/catalogue.hpp"
#include "shm/log_record.hpp"
#include "shm/observation.hpp"
#include "shm/process_slot.hpp"
#include "shm/reach.hpp"
#include "shm/wait_set.hpp"

namespace troupe::shm {

inline constexpr std::uint32_t layout_version = 12;
inline constexpr std::uint64_t program_magic = 0x65707561'6f727400u | layout_version;

// Ends of actors that have been written down: whoever sees a new number sees how they ended.
class death_count {
public:
    // seq_cst: whoever has said that it watches, and sees no end here, is seen by the keeper when it tells of that end
    // sync: deaths - observes the end of an actor
    std::uint64_t get() const noexcept { return count_.load(std::memory_order_seq_cst); }
    // sync: deaths - publishes the end of an actor, or that it may begin again
    void next() noexcept { count_.fetch_add(1, std::memory_order_seq_cst); }

private:
    std::atomic<std::uint64_t> count_;
};

// Of these, processes that ended as nobody meant it: by an exception, a signal but SIGTERM and SIGKILL, a limit or a
// deadline. Each is counted, also where its slot has another actor by now.
class crash_count {
public:
    // sync: crashes - observes the endings
    std::uint64_t get() const noexcept { return count_.load(std::memory_order_acquire); }
    // sync: crashes - publishes the ending
    void next() noexcept { count_.fetch_add(1, std::memory_order_release); }

private:
    std::atomic<std::uint64_t> count_;
};

// The forkserver, as the keeper and the spawners see it.
class server_record {
public:
    pid_word pid;

    bool runs() const noexcept {
        return running_.load(std::memory_order_acquire) != 0;  // sync: server - observes that it runs
    }
    void begin() noexcept { running_.store(1, std::memory_order_release); }  // sync: server - publishes that it runs
    // Returns whether it ever ran.
    bool end() noexcept {
        // sync: server - observes whether it ever ran, and publishes that it does not
        return running_.exchange(0, std::memory_order_acq_rel) != 0;
    }

    // How often it has ended: requests to it may be lost.
    std::uint32_t ends() const noexcept {
        return ends_.load(std::memory_order_acquire);  // sync: server - observes its ends so far
    }
    void count_end() noexcept {
        ends_.fetch_add(1, std::memory_order_acq_rel);  // sync: server - publishes that requests may be lost
    }

    // errno, when it could not be started.
    int error() const noexcept {
        // sync: server - observes why there is none
        return static_cast<int>(error_.load(std::memory_order_acquire));
    }
    void set_error(int error) noexcept {
        // sync: server - publishes why there is none, or that it is tried again
        error_.store(static_cast<std::uint32_t>(error), std::memory_order_release);
    }

private:
    std::atomic<std::uint32_t> ends_;
    std::atomic<std::uint32_t> running_;
    std::atomic<std::uint32_t> error_;
};

// Numbers that nobody gets twice.
class number_source {
public:
    // The first of so many.
    std::uint64_t take(std::uint64_t many) noexcept {
        return count_.fetch_add(many, std::memory_order_relaxed);  // relaxed: nothing else is read through it
    }
    std::uint64_t taken() const noexcept {
        return count_.load(std::memory_order_relaxed);  // relaxed: a bound for what can be asked
    }

private:
    std::atomic<std::uint64_t> count_;
};

// Where the search for a free slot goes on. Slots are used in turn, not all that there may be: so many, and twice as
// many when these are taken.
class slot_turn {
public:
    void begin(std::uint32_t slots) noexcept { width_.set(slots); }
    std::uint32_t width() const noexcept { return width_.get(); }
    std::uint32_t next(std::uint32_t width) noexcept {
        return next_.fetch_add(1, std::memory_order_relaxed) % width;  // relaxed: the swap on the slot decides
    }
    void widen(std::uint32_t from, std::uint32_t to) noexcept {
        next_.store(from, std::memory_order_relaxed);  // relaxed: as above
        width_.set(to);
    }

private:
    std::atomic<std::uint32_t> next_;
    base::published<std::uint32_t> width_;  // a guess is good enough
};

struct program_header {
    // Written once, before there are actors.
    std::uint64_t magic;
    std::uint32_t version;
    std::int32_t program_pid;
    std::uint64_t budget;        // bytes of shared memory the program may use; with the next, where everything stands
    std::uint32_t halvings;      // of the windows, see lay_out
    std::uint32_t start_method;  // the default, as the public enum
    std::uint32_t most_actors;
    std::uint32_t usable_cpus;
    std::uint32_t report_crashes;  // 1: the program is rung at every crash
    std::uint32_t has_deadlines;   // 0: TROUPE_DEADLINES=off, and no handler is late
    std::uint64_t program_device;  // with the inode: which file the program is
    std::uint64_t program_inode;
    std::uint64_t descriptor_limit;  // RLIMIT_NOFILE as the program found it: its actors get it back

    alignas(base::line_bytes) number_source serials;  // of actors
    slot_turn turn;
    reach slots;
    reach channels;
    reach cells;
    base::published<std::uint32_t> lowest_free_cell;  // a guess
    server_record server;
    alignas(base::line_bytes) wait_set awake;  // processes that are not asleep: more than CPUs, and nobody spins
    alignas(base::line_bytes) death_count deaths;
    crash_count crashes;
    alignas(base::line_bytes) number_source stamps;  // of parcels: each process takes many at a time
    alignas(base::line_bytes) reach blocks[block_classes];
    reach names;
    reach circles;
    alignas(base::line_bytes) class bulletin bulletin;  // of the names, topics and groups
    alignas(base::line_bytes) log_record log;

    // For those who look in from outside.
    alignas(base::line_bytes) class observation observation;
    catalogue_length catalogue;
    alignas(base::line_bytes) base::published<std::uint64_t> ends;  // in the log of ends, ever; by their own numbers
    std::array<order_answer, most_answers> answers;
    base::published<std::uint32_t> open_files;  // of messages on their way, which the keeper holds
};
static_assert(sizeof(program_header) <= base::page_bytes);

}  // namespace troupe::shm
