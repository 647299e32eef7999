// The record of one actor's process, and its life in one word.
//
//   free ──claim──> starting ──accept──> cloning ──run──> running ──┐
//                    ^ │  │                 │                       ├──> dead ──> free
//                    │ │  └───────run───────┼───────────────────────┤
//                    │ └──────> failed <────┘                       │  (the spawner reads why, and frees)
//                    └──────────restart───────────── down <─────────┘
//
// claim    the spawner, by compare-and-swap
// accept   the forkserver, when it takes the request off its socket; the other start methods skip it
// run      the child itself, when it has decoded its arguments and is about to call its function
// failed   whoever finds that no process will come of it
// dead     the keeper alone, after the process has been seen to end through its pidfd
// down     the same, of an actor that is to be started again: its reference and its mailbox stay good
// restart  its supervisor, which also says how often that was; or the keeper moves it on to dead, when it is let go
//
// Invariants
// P1  the word holds the low bits of the actor's serial, so a swap that is out of date fails.
// P2  `pid` is written by the kernel inside clone, before the child runs: it is set if and only if a process exists.
//     Whoever dies between clone and telling the keeper leaves a slot from which the keeper can still find the child.
//     (Where the program forks, it and the child both write it: when the program dies, its children do.)
// P3  the keeper alone collects statuses, and marks a slot dead before it does so; a pid found in a slot that is not
//     dead after a pidfd was opened for it therefore was the right process.
// P4  `incarnation` only grows; with the slot it makes the owner number of ring claims. An actor that is down is
//     started again only when the keeper has disowned its last incarnation everywhere, and is through with it
//     (`settling`); and a slot is freed only then.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <troupe/detail/actor_id.hpp>

#include "base/machine.hpp"
#include "shm/owner_id.hpp"
#include "shm/wait_set.hpp"

namespace troupe::shm {

inline constexpr std::size_t max_processes = most_processes;
// The last slot is the keeper's: it looks after queues under an owner number of its own.
inline constexpr std::uint16_t keeper_slot = max_processes - 1;
inline constexpr std::size_t max_channels = 16384;

enum class process_state : std::uint8_t { free, starting, cloning, running, failed, dead, down };

inline bool is_starting(process_state state) {
    return state == process_state::starting || state == process_state::cloning;
}
// Its process is gone; there may be another one.
inline bool has_ended(process_state state) {
    return state == process_state::dead || state == process_state::free || state == process_state::down;
}

// The word: serial:40 | state:8 | spawner's slot:16.
struct life {
    std::uint64_t serial = 0;
    process_state state = process_state::free;
    std::uint16_t spawner = 0;

    static life unpack(std::uint64_t word) {
        return {word >> 24, static_cast<process_state>(word >> 16 & 0xff), static_cast<std::uint16_t>(word & 0xffff)};
    }
    std::uint64_t pack() const {
        return serial << 24 | std::uint64_t{static_cast<std::uint8_t>(state)} << 16 | spawner;
    }
    life with(process_state next) const { return {serial, next, spawner}; }
    bool is_of(detail::actor_id actor) const { return serial == (actor.serial() & serial_bits); }

    static constexpr std::uint64_t serial_bits = 0xff'ffff'ffff;
};

// What other processes ask of an actor; the low bits of `requests`. Above them stands the serial of the actor that is
// asked, so that a request never reaches the next one in the slot.
enum request : std::uint32_t { ask_stop = 1, ask_interrupt = 2 };
inline constexpr unsigned request_bits = 8;

// A message that a supervised actor has taken and not yet dealt with. Written by its process; the keeper tells whoever
// asked when that process ends.
struct message_in_hand {
    std::atomic<std::uint64_t> place;    // position of its record + 1; 0: no message. Written last, and cleared first
    std::atomic<std::uint64_t> asker;    // actor_id
    std::atomic<std::uint64_t> request;  // number:32 << 32 | incarnation of the asker:32
};
inline constexpr std::size_t most_in_hand = 128;

struct alignas(base::page_bytes) process_slot {
    std::atomic<std::uint64_t> life_word;
    std::atomic<std::uint64_t> id;  // actor_id; stays until the slot is claimed anew
    std::atomic<std::int32_t> pid;
    std::atomic<std::uint32_t> incarnation;
    std::atomic<std::uint64_t> parent;     // actor_id
    std::atomic<std::uint32_t> mailbox;    // index of the channel + 1; 0: none
    std::atomic<std::uint32_t> replies;    // the channel replies come through, made at the first request; + 1
    std::atomic<std::uint64_t> arguments;  // block_id of the arguments
    std::atomic<std::uint64_t> arguments_stamp;
    std::atomic<std::uint32_t> spawned_by;  // the incarnation of the process that starts it
    std::atomic<std::uint64_t> entry;       // which function
    std::atomic<std::uint32_t> begun;       // it got to its function; set before the state says running, and kept after
    char name[64];                          // texts: see shared_text.hpp

    // Written by many, read in the process.
    alignas(base::line_bytes) std::atomic<std::uint64_t> requests;

    // Written by the process, read by many.
    alignas(base::line_bytes)
        std::atomic<std::uint64_t> epoch;    // wake-ups so far: a doorbell is rung once an epoch by each sender
    std::atomic<std::uint64_t> receiving;    // the queue it is receiving an item from at this moment; see queue.cpp
    std::atomic<std::uint64_t> letting_go;   // the channel of which it lets go an end, until the keeper has been told
    std::atomic<std::uint32_t> cpu;          // where it last ran
    std::atomic<std::uint32_t> has_spawned;  // it has begun to start another: written before that one's slot is claimed

    // How it ended. Written before the state says dead or failed.
    alignas(base::line_bytes) std::atomic<std::uint64_t> ending;  // as in the exit log
    std::atomic<std::uint32_t> ended;                             // the incarnation that did
    std::atomic<std::uint32_t> ended_restarts;                    // what is below, as it was then
    std::atomic<std::uint32_t> ended_hung;
    std::atomic<std::int32_t> ended_pid;
    std::atomic<std::uint32_t> ended_type;
    std::atomic<std::uint32_t> ended_deliveries;
    std::atomic<std::uint32_t> exception_of;  // the incarnation that wrote the two lines below
    char exception_type[128];
    char exception_text[512];
    char failure[256];
    // Written by its supervisor, read by the keeper and in the process.
    std::atomic<std::uint32_t> revival;     // detail::revival: whether an actor that ends is down, or dead
    std::atomic<std::uint32_t> restarts;    // of this actor so far
    std::atomic<std::uint32_t> deliveries;  // how often a message may be delivered; 1: at most once
    std::atomic<std::uint32_t> settling;    // 1: down, and the keeper still deals with the process that ended
    // The message whose handler runs, or ran when the process ended. Written by the process.
    std::atomic<std::uint64_t> handling_place;       // with redelivery: position of its record + 1; 0: none
    std::atomic<std::uint32_t> handling_deliveries;  // of it so far, this one included
    std::atomic<std::uint32_t> handling_type;        // type_id; 0: none
    std::atomic<std::uint32_t> hung;                 // 1: killed by the keeper, because the handler ran too long
    std::atomic<std::uint64_t> handling_since;       // steady clock, ns; 0: none, or there is no deadline
    std::atomic<std::uint64_t> message_deadline;     // ns; 0: none. Written before the process is made

    alignas(base::line_bytes) wait_set watchers;                         // processes to ring when this one ends
    std::array<std::atomic<std::uint64_t>, max_channels / 64> wrote_to;  // channels in which it may have left a claim

    // Touched for supervised actors alone. Emptied when one is spawned, and by the keeper before it marks the slot
    // down.
    alignas(base::line_bytes) std::array<message_in_hand, most_in_hand> in_hand;
    // The slots whose actors' fates are tied to this one's. The keeper's alone.
    wait_set linked;

    // seq_cst, as `move`: a reader sets its bit in a wait set and looks whether the holder of a record lives; the
    // keeper marks the holder dead and looks at the wait set.
    // sync: life - observes the fields written before the state
    life present() const { return life::unpack(life_word.load(std::memory_order_seq_cst)); }
    // The state of this actor; nothing if the slot is another's. A claim changes the life first and the id last, so in
    // between the id alone still names the slot's last actor.
    std::optional<process_state> state_of(detail::actor_id one) const {
        const life now = present();
        return now.is_of(one) && actor() == one ? std::optional(now.state) : std::nullopt;
    }
    // Its process has ended, nothing is left of it, and there may be another one.
    bool may_begin_again() const {
        // sync: settling - observes that the keeper is through
        return present().state == process_state::down && settling.load(std::memory_order_acquire) == 0;
    }
    // relaxed: written by its supervisor before the state said starting
    bool was_restarted() const { return restarts.load(std::memory_order_relaxed) != 0; }
    // sync: id - observes the claim of the slot
    detail::actor_id actor() const { return {id.load(std::memory_order_acquire)}; }
    bool move(life from, process_state to) {
        std::uint64_t expected = from.pack();
        // sync: life - publishes the fields written before the state
        return life_word.compare_exchange_strong(expected, from.with(to).pack(), std::memory_order_seq_cst);
    }
};
static_assert(sizeof(process_slot) == 8192);

}  // namespace troupe::shm
