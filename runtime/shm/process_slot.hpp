// The record of one actor and its process: a word for its life, and groups of fields, each written by one party.
//
// Each group begins anew with the actor (`begin_actor`), with its process (`begin_process`), or with both; a claim of
// the slot and a restart call them all. Memory orders stand in the methods of the groups, and nowhere else.
//
// Invariants
// P1  the life holds the low bits of the actor's serial, so a swap that is out of date fails.
// P2  `pid` is written by the kernel inside clone, before the child runs: it is set if and only if a process exists.
//     Whoever dies between clone and telling the keeper leaves a slot from which the keeper can still find the child.
//     (Where the program forks, it and the child both write it: when the program dies, its children do.)
// P3  the keeper alone collects statuses, and marks a slot dead before it does so; a pid found in a slot that is not
//     dead after a pidfd was opened for it therefore was the right process.
// P4  `incarnation` only grows; with the slot it makes the owner number of ring claims. An actor that is down is
//     started again only when the keeper has disowned its last incarnation everywhere, and is through with it
//     (`supervision::settling`); and a slot is freed only then.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <troupe/detail/actor_id.hpp>

#include "base/machine.hpp"
#include "base/published.hpp"
#include "shm/channel_id.hpp"
#include "shm/channel_marks.hpp"
#include "shm/chronicle.hpp"
#include "shm/command_cell.hpp"
#include "shm/handling.hpp"
#include "shm/held_cells.hpp"
#include "shm/life.hpp"
#include "shm/owner_id.hpp"
#include "shm/process_end.hpp"
#include "shm/shared_text.hpp"
#include "shm/wait_set.hpp"

namespace troupe::shm {

inline constexpr std::size_t max_processes = most_processes;
// The last slot is the keeper's: it looks after queues under an owner number of its own.
inline constexpr std::uint16_t keeper_slot = max_processes - 1;

// The number of a process, as the system has it.
class pid_word {
public:
    // sync: pid - observes what the kernel wrote in clone
    std::int32_t get() const noexcept { return word_.load(std::memory_order_acquire); }
    // sync: pid - publishes it, where the kernel does not
    void set(std::int32_t pid) noexcept { word_.store(pid, std::memory_order_release); }
    void clear() noexcept { word_.store(0, std::memory_order_relaxed); }  // relaxed: published by the life
    std::atomic<std::int32_t>& for_clone() noexcept { return word_; }

private:
    std::atomic<std::int32_t> word_;
};

// How many processes the slot has had.
class incarnation_count {
public:
    // sync: incarnation - observes the claim of the slot, or the start of a later process
    std::uint32_t get() const noexcept { return count_.load(std::memory_order_acquire); }
    // By the process itself, by whoever starts it, or where something else orders it.
    std::uint32_t known() const noexcept { return count_.load(std::memory_order_relaxed); }  // relaxed: see above
    // sync: incarnation - publishes that older owners are gone
    void next() noexcept { count_.fetch_add(1, std::memory_order_acq_rel); }

private:
    std::atomic<std::uint32_t> count_;
};

// The actor that has the slot, until the slot is claimed anew.
class actor_word {
public:
    // sync: id - observes the claim of the slot
    detail::actor_id get() const noexcept { return {word_.load(std::memory_order_acquire)}; }
    // sync: id - publishes the claim of the slot
    void set(detail::actor_id actor) noexcept { word_.store(actor.value, std::memory_order_release); }

private:
    std::atomic<std::uint64_t> word_;
};

// Written by whoever starts the actor, before it has a process, and published by its life; read by everybody.
struct identity {
    base::published<detail::actor_id> parent;
    base::published<std::uint64_t> entry;  // which function
    own_channel mailbox;
    base::published<std::uint64_t> message_deadline;  // ns; 0: none
    char name[64];                                    // texts: see shared_text.hpp

    void begin_actor() noexcept {
        parent.set({});
        mailbox.clear();
        message_deadline.set(0);
        store_text(name, "");
    }
};

// Of the process that is being started: written by whoever starts it, and published by its life; read in the process.
struct process_start {
    base::published<std::uint64_t> arguments;        // block_id
    base::published<std::uint64_t> arguments_stamp;  // of the parcel that they are
    base::published<std::uint32_t> starter;          // the incarnation of the process that starts it
    base::published<std::uint32_t> call;             // the request that its function answers, of one that is called
    char failure[256];                               // why none came of it; by whoever found out

    void begin_actor() noexcept { arguments.set(0); }
    void begin_process() noexcept { store_text(failure, ""); }
};

// What other processes ask of an actor: its serial, and below that one bit for each request. The serial keeps a request
// from reaching the next actor of the slot.
enum request : std::uint32_t { ask_stop = 1, ask_interrupt = 2 };

class request_word {
public:
    void begin_actor(std::uint64_t serial) noexcept {
        word_.store(serial << bits, std::memory_order_relaxed);  // relaxed: published by the id
    }
    // Returns false if the slot has another actor by now.
    bool ask(detail::actor_id of, request what) noexcept {
        std::uint64_t seen = word_.load(std::memory_order_acquire);  // sync: requests - observes whose they are
        do {
            if (seen >> bits != of.serial()) return false;
            // sync: requests - publishes what is asked
        } while (!word_.compare_exchange_weak(seen, seen | what, std::memory_order_acq_rel));
        return true;
    }
    // The requests, as an or of `request`.
    std::uint32_t asked() const noexcept {
        // sync: requests - observes what others ask
        return static_cast<std::uint32_t>(word_.load(std::memory_order_acquire) & ((1u << bits) - 1));
    }
    void dealt_with(request what) noexcept {
        // sync: requests - publishes that it is dealt with
        word_.fetch_and(~std::uint64_t{what}, std::memory_order_acq_rel);
    }

private:
    static constexpr unsigned bits = 8;
    std::atomic<std::uint64_t> word_;
};

// Written by the process, read by many.
struct process_activity {
    // Wake-ups so far: each sender rings a doorbell once an epoch. The fences in `participant` order it.
    class epoch_count {
    public:
        std::uint64_t get() const noexcept { return count_.load(std::memory_order_relaxed); }  // relaxed: see above
        void next() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }               // relaxed: see above

    private:
        std::atomic<std::uint64_t> count_;
    } epoch;

    // The queue from which it receives an item at this moment: see channel/drain.
    class receiving_word {
    public:
        // sync: receiving - publishes that an item is being counted
        void begin(channel_id queue) noexcept { word_.store(queue.value, std::memory_order_seq_cst); }
        // sync: receiving - publishes that it is counted
        void end() noexcept { word_.store(0, std::memory_order_seq_cst); }
        // sync: receiving - observes that an item is being counted
        bool is(channel_id queue) const noexcept { return word_.load(std::memory_order_seq_cst) == queue.value; }
        void clear() noexcept { word_.store(0, std::memory_order_relaxed); }  // relaxed: published by the life

    private:
        std::atomic<std::uint64_t> word_;
    } receiving;

    // The keeper reads these when the process is dead, and its end publishes them.
    base::published<channel_id> letting_go;      // of which it lets go an end, until the keeper has been told
    base::published<std::uint32_t> has_spawned;  // it has begun to start another: set before that one's slot is claimed
    base::published<std::uint32_t> begun;        // it got to its function; set before the life says running
    own_channel replies;                         // the lane that replies come through, made at the first request

    void begin_actor() noexcept { has_spawned.set(0); }
    void begin_process() noexcept {
        receiving.clear();
        letting_go.set({});
        begun.set(0);
        replies.clear();
    }
};

// Written by the actor's supervisor; read by the keeper, and in the process.
struct supervision_terms {
    base::published<std::uint32_t> revival;     // detail::revival: whether an actor that ends is down, or dead
    base::published<std::uint32_t> restarts;    // of this actor so far
    base::published<std::uint32_t> deliveries;  // how often a message may be delivered; 1: at most once

    // Of an actor that is down: the keeper still deals with the process that has ended.
    class settling_flag {
    public:
        void set(bool settling) noexcept {
            word_.store(settling ? 1 : 0, std::memory_order_relaxed);  // relaxed: published by the life
        }
        void through() noexcept {
            word_.store(0,
                        std::memory_order_release);  // sync: settling - publishes that nothing is left of its process
        }
        bool get() const noexcept {
            return word_.load(std::memory_order_acquire) != 0;  // sync: settling - observes that the keeper is through
        }

    private:
        std::atomic<std::uint32_t> word_;
    } settling;

    void begin_actor() noexcept {
        revival.set(0);
        restarts.set(0);
        deliveries.set(1);
    }
};

struct alignas(base::page_bytes) process_slot {
    life_word life;
    actor_word id;
    pid_word pid;
    incarnation_count incarnation;
    identity who;

    alignas(base::line_bytes) request_word requests;
    alignas(base::line_bytes) process_activity activity;
    alignas(base::line_bytes) process_end ending;
    supervision_terms supervision;
    message_handling handling;
    process_start start;

    alignas(base::line_bytes) wait_set watchers;  // processes to ring when this one ends
    channel_marks wrote_to;                       // channels in which it may have left a claim

    // Touched for supervised actors alone. Emptied when one is spawned, and by the keeper before the life says down.
    alignas(base::line_bytes) std::array<request_in_hand, most_in_hand> in_hand;
    wait_set linked;  // the slots whose actors' fates are tied to this one's; the keeper's alone

    // The process's, and the keeper's when that is dead. It outlives the actor: places are freed by others as well.
    alignas(base::line_bytes) cell_marks cells;

    // The commands of the process: programs that are not troupe's.
    alignas(base::line_bytes) std::array<command_cell, most_commands> commands;

    alignas(base::line_bytes) std::byte room[128];  // see docs/layout.md

    // What the process does and waits for, for those who look in from outside.
    chronicle told;

    life_value present() const noexcept { return life.present(); }
    detail::actor_id actor() const noexcept { return id.get(); }
    // The state of this actor; nothing if the slot is another's. A claim changes the life first and the id last, so in
    // between the id alone still names the slot's last actor.
    std::optional<process_state> state_of(detail::actor_id one) const noexcept {
        const life_value now = present();
        return now.is_of(one) && actor() == one ? std::optional(now.state) : std::nullopt;
    }
    // The actor lives, or is down and may be started again.
    bool is_alive(detail::actor_id one) const noexcept {
        const auto state = state_of(one);
        return state && (is_starting(*state) || *state == process_state::running || *state == process_state::down);
    }
    // Its process has ended, nothing is left of it, and there may be another one.
    bool may_begin_again() const noexcept {
        return present().state == process_state::down && !supervision.settling.get();
    }
    bool was_restarted() const noexcept { return supervision.restarts.get() != 0; }
    // Its function has been called, by this process or by one before it.
    bool ever_begun() const noexcept { return activity.begun.get() != 0 || was_restarted(); }

    // By whoever has claimed the slot. The id comes last, and publishes all of this.
    void begin_actor(detail::actor_id actor) noexcept;
    // By whoever starts the actor again, before the life says starting.
    void begin_process() noexcept;
};
static_assert(offsetof(process_slot, told) == 8192 && offsetof(process_slot, cells) == 7552);  // see docs/layout.md

}  // namespace troupe::shm
