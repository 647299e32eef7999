// The life of an actor's process, in one word.
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
#pragma once

#include <atomic>
#include <cstdint>

#include <troupe/detail/actor_id.hpp>

namespace troupe::shm {

enum class process_state : std::uint8_t { free, starting, cloning, running, failed, dead, down };

inline bool is_starting(process_state state) {
    return state == process_state::starting || state == process_state::cloning;
}
// Its process is gone; there may be another one.
inline bool has_ended(process_state state) {
    return state == process_state::dead || state == process_state::free || state == process_state::down;
}

// What the word holds: serial:40 | state:8 | spawner's slot:16.
struct life_value {
    std::uint64_t serial = 0;
    process_state state = process_state::free;
    std::uint16_t spawner = 0;

    static constexpr std::uint64_t serial_bits = 0xff'ffff'ffff;

    bool is_of(detail::actor_id actor) const { return serial == (actor.serial() & serial_bits); }
    life_value with(process_state next) const { return {serial, next, spawner}; }

    static life_value unpack(std::uint64_t word) {
        return {word >> 24, static_cast<process_state>(word >> 16 & 0xff), static_cast<std::uint16_t>(word & 0xffff)};
    }
    std::uint64_t pack() const {
        return serial << 24 | std::uint64_t{static_cast<std::uint8_t>(state)} << 16 | spawner;
    }
};

// Changed by swaps, so that one which is out of date fails. All are seq_cst: a reader sets its bit in a wait set and
// looks whether the holder of a record lives; the keeper marks the holder dead and looks at the wait set.
class life_word {
public:
    life_value present() const noexcept {
        // sync: life - observes the fields written before the state
        return life_value::unpack(word_.load(std::memory_order_seq_cst));
    }
    // Returns false if the word is not `from` any more.
    bool swap(life_value from, life_value to) noexcept {
        std::uint64_t expected = from.pack();
        // sync: life - publishes the fields written before the state
        return word_.compare_exchange_strong(expected, to.pack(), std::memory_order_seq_cst);
    }
    bool move(life_value from, process_state to) noexcept { return swap(from, from.with(to)); }
    // Whatever the state is by now.
    void move_on(process_state to) noexcept {
        for (life_value now = present(); !move(now, to); now = present()) {
        }
    }
    // By the only one that may change it now.
    void set(life_value to) noexcept {
        // sync: life - publishes the fields written before the state
        word_.store(to.pack(), std::memory_order_release);
    }

private:
    std::atomic<std::uint64_t> word_;
};

}  // namespace troupe::shm
