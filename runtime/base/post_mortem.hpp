// What is left of an actor beside its exit code: one page in shared memory for each slot.
//
// Written by three, each its own part: the actor when it starts (which limits it has), its crash handler, and the
// keeper when the process has ended (what it used). It is read once the process is dead, by whoever wants its status.
//
// The crash handler may die at any of its instructions, and what it writes comes from a process in an unknown state.
// So its parts are written in the order of their worth, each is published by a word of its own, and every number is
// input to the reader: it is held to its bounds, and a module's path ends where the page says or at the page's end.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <troupe/exit_status.hpp>

#include "base/machine.hpp"
#include "base/published.hpp"

namespace troupe::base {

inline constexpr std::size_t most_frames = 32;
inline constexpr std::uint16_t no_module = 0xffff;

// An address of code. `where` is an offset in the file of a module, and the address itself while that is not known.
// Of a call, it lies within the call: one less than where it returns to.
struct raw_frame {
    std::uint64_t where;
    std::uint16_t module;  // where its path begins in `modules`
};

// Which limits an actor has that its end has to be compared with.
enum noted_limit : std::uint32_t { limited_memory = 1, limited_cpu_time = 2 };

// The signal of a crash; 0: there was none, or what goes with it is not written.
class crash_word {
public:
    // sync: crash - observes what happened
    std::int32_t get() const noexcept { return word_.load(std::memory_order_acquire); }
    // sync: crash - publishes what happened
    void set(std::int32_t signal) noexcept { word_.store(signal, std::memory_order_release); }
    void clear() noexcept { word_.store(0, std::memory_order_relaxed); }  // relaxed: there is nothing to publish

private:
    std::atomic<std::int32_t> word_;
};

// How many frames are written.
class frame_count_word {
public:
    // sync: frames - observes the frames below the count
    std::uint32_t get() const noexcept { return word_.load(std::memory_order_acquire); }
    // sync: frames - publishes the frames below the count
    void set(std::uint32_t count) noexcept { word_.store(count, std::memory_order_release); }
    void clear() noexcept { word_.store(0, std::memory_order_relaxed); }  // relaxed: published by the signal

private:
    std::atomic<std::uint32_t> word_;
};

struct alignas(page_bytes) post_mortem {
    // The actor; published by its end.
    published<std::uint32_t> limits;       // noted_limit, or'd
    published<std::uint32_t> cpu_seconds;  // the limit of CPU time
    // The incarnation whose `operator new` found no more under its limit, with the message now in hand.
    published<std::uint32_t> memory_refused;

    // Its crash handler; what has no word of its own is published by the signal, or by its end.
    published<std::uint32_t> incarnation;  // the process that crashed
    crash_word signal;
    std::int32_t signal_code;
    std::uint64_t fault_address;
    std::uint32_t memory_full;  // at its limit when it crashed
    published<std::uint32_t> stack_overflow;
    published<std::uint32_t> wrote_to_frozen;  // memory that may be read alone
    frame_count_word frame_count;
    std::array<raw_frame, most_frames> frames;
    std::array<char, 3200> modules;  // paths, each with its zero

    // The keeper; published by the life of the slot.
    published<std::uint64_t> peak_memory;  // bytes
    published<std::uint64_t> cpu_time;     // nanoseconds

    void clear() noexcept;
};
static_assert(sizeof(post_mortem) == page_bytes);

// Whether the crash handler of that incarnation wrote the page, for the end that the status tells of.
bool tells_of(const post_mortem& page, const exit_status& status, std::uint32_t incarnation);

// The limit that ended that incarnation. `exception`: the type of the one that left it, which the status may not know.
limit_reached limit_of(const exit_status& status, std::string_view exception, const post_mortem& page,
                       std::uint32_t incarnation);

// Adds what the page knows to a status that says how that incarnation of the actor ended.
void complete(exit_status& status, const post_mortem& page, std::uint32_t incarnation);

}  // namespace troupe::base
