// What the model of the lock is made of: its settings, and its state. See lock_model.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace model::locks {

enum class fault : std::uint8_t {
    none,
    noted_after,             // the place is noted after the gate is taken
    forgotten_before,        // the place is forgotten before the gate is given
    parking_stores,          // parking is a store, not a swap
    giving_up_stores,        // giving up is a store, not a swap
    early_entry,             // who is granted does not wait for the gate
    youngest_first,          // the youngest is granted
    unlock_keeps_flag,       // a live unlock keeps the abandonment
    ghosts_count,            // who never took it counts as a holder
    burial_stores,           // who gave up is taken out without a swap
    no_burial_note,          // no note of who is being taken out
    keeper_does_not_look,    // the keeper hands on for the dead without a look at the gate
    keeper_trusts_oldest,    // the keeper trusts `oldest`
    dead_stay_in_line,       // the keeper leaves dead waiters in line
    keeper_takes_as_pushed,  // the keeper takes it that a dead waiter was pushed
    keeper_does_not_ring,    // the keeper does not ring the gate when the dead one has passed it
    ghost_not_told,          // who grants does not look for a ghost
    keeper_misses_ghosts,    // the keeper does not look for one either
    kept_unnoted,            // the place that is kept for the next turn is not noted
};

inline constexpr std::size_t most_processes = 4;

struct setting {
    std::array<std::uint8_t, most_processes> rounds{};   // of each process; 0: there is none
    std::uint8_t kills = 0, timeouts = 0, restarts = 0;  // of all together
    fault planted = fault::none;
};

enum pc : std::uint8_t {
    begin,
    attempt,
    push,
    waits,
    asleep,
    enter,
    inside,
    tell,
    ring,
    unnote,
    late,
    blind,
    unasked,
    through,
    dead,
    // handing on, by the holder or the keeper
    look,
    walk,
    note,
    settle,
    oldest,
    bury,
    unbury,
    out,
    seek,
    last,
    cut,
    move,
    freed,
    clean,
    gate,
    ghost,
    // the keeper
    idle,
    k_place,
    k_walk,
    k_never,
    k_ghost,
    k_held,
    k_after,
    k_free,
    k_free_first,
    k_look,
    k_fresh,
    k_settle,
};
enum place_state : std::uint8_t { is_free, mine, waiting, parked, granted, gone, buried, is_ghost };
enum marking : std::uint8_t { live, abandoned, passed };

struct place {
    std::uint8_t state, use, next, after;
};
struct runner {
    std::uint8_t pc, left, from, mark, x, y;  // from: the place at the gate for which it hands on
};

struct state {
    std::uint8_t gate, top, flag;                           // the word
    std::uint8_t known_oldest, burying, burying_use, died;  // the holder's
    std::array<place, most_processes> places;
    std::array<runner, most_processes> procs;
    runner keeper;
    std::uint8_t ends, looks;  // what the keeper's epoll and socket hold: a bit for each end; how many times to look
    std::uint8_t bells;        // a bit for each process
    std::uint8_t kills, timeouts, restarts;
    // For the checks: who is inside, + 1; of whom the next holder must be told; who came in which order; which use of
    // its place each has given up.
    std::uint8_t who_inside, expected, in_line;
    std::array<std::uint8_t, most_processes> line, given_up;
};

}  // namespace model::locks
