// What the actors of a chaos run did, in memory that every process of the program shares and that outlives all of them.
//
// An actor notes what it is about to do, does it, and notes that it is done. It may be killed between any two of these,
// so each act is in one of three states afterwards: done, not begun, or in between; and in between is at most one act
// for each death.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace chaos {

inline constexpr std::size_t producers = 4, consumers = 4;
inline constexpr std::size_t servers = 4, askers = 8;  // half of the servers have messages delivered again
inline constexpr std::size_t sinks = 2, senders = 4;
inline constexpr std::size_t radios = 2, stations = 2;
inline constexpr std::size_t pairs = 4;
inline constexpr std::size_t farms = 2;
inline constexpr std::size_t tellers = 4;
inline constexpr std::size_t commanders = 2;
inline constexpr std::uint32_t most_permits = 3;
inline constexpr unsigned most_deliveries = 3;
inline constexpr std::size_t fewest_actors = 30;  // at a time, of 54; some are always about to be started again
static_assert(producers + consumers + servers + askers + sinks + senders + radios + stations + 3 * pairs + 3 * farms +
                  tellers + commanders ==
              54);
inline constexpr int fewest_running = 16;            // before there is trouble again
inline constexpr std::uint32_t most_acts = 1 << 24;  // of one actor
inline constexpr std::uint32_t most_sessions = 1 << 20;

// The acts of one actor, numbered from 0. It goes on behind the last one begun, in whichever incarnation.
struct doer {
    std::atomic<std::uint32_t> begun;
    std::atomic<std::uint32_t> done;  // acts that it was told were done
};

template <std::size_t Doers>
using per_act = std::array<std::array<std::atomic<std::uint8_t>, most_acts>, Doers>;

struct session {
    std::atomic<std::uint32_t> sent;      // sends that returned
    std::atomic<std::uint32_t> received;  // in order
    std::atomic<std::uint32_t> ended;     // the receiver saw the end of the stream
};

// All zero at first; a page that nobody touched takes no memory.
struct witness {
    std::atomic<std::uint32_t> over;          // no new act is to be begun
    std::atomic<std::uint32_t> spoilt;        // content was not as sent
    std::atomic<std::uint32_t> out_of_order;  // in a mailbox or a pipe, where nothing excuses it
    std::atomic<std::uint32_t> overtaken;     // items that came after later ones: a receiver died and left them
    std::atomic<std::uint32_t> late;          // a request was not answered in time
    std::atomic<std::int32_t> group;          // the process group of the actors that are signalled together; 0: none
    std::atomic<std::uint32_t> hung;          // handlers that were killed as late, though none is

    std::atomic<std::uint32_t> unnamed;  // an actor that is only started again was not found by its name

    std::atomic<std::uint32_t> half_entries;  // under a lock, of which nobody was told that its holder died
    std::atomic<std::uint64_t> entries;       // under that lock, when all was over
    std::atomic<std::uint32_t> permits;       // of the semaphore, which were back then

    std::array<doer, producers> put;
    std::array<std::array<std::atomic<std::uint32_t>, producers>, consumers> latest_got;  // number + 1
    std::array<doer, askers> asked;
    std::array<doer, senders> sent;
    std::array<std::array<std::atomic<std::uint32_t>, senders>, sinks> latest_heard;  // number + 1
    std::array<doer, stations> aired;
    std::array<std::array<std::atomic<std::uint32_t>, stations>, radios> latest_received;  // number + 1
    std::array<doer, tellers> booked;
    std::atomic<std::uint32_t> sessions;
    std::atomic<std::uint32_t> commands;  // that ran to their end
    std::atomic<std::uint32_t> harvests;  // mappings of which every task had its outcome

    std::atomic<std::uint32_t> dropped_lines;  // of the log, as it says itself
    std::atomic<std::uint32_t> odd_lines;      // that nobody logged so

    std::atomic<std::uint32_t> watch_begun, watch_over;  // the program says so to the watcher
    std::atomic<std::uint32_t> watch_done;               // it looks no more
    std::atomic<std::uint32_t> watch_looks, watch_good;  // how often it looked, and saw what it wanted to
    std::atomic<std::uint32_t> watch_kills, watch_faults;

    per_act<tellers> logged, written;  // entries under the lock, in the log
    per_act<producers> acknowledged, got;
    per_act<askers> answered, applied;
    per_act<senders> told, heard;
    per_act<stations> published;
    std::array<per_act<stations>, radios> received;
    std::array<session, most_sessions> session_of;
};

// In the program, before it runs, and in each of its actors.
witness& the_witness();

}  // namespace chaos
