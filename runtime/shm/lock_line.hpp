// The line of a lock: taking it, coming, and handing on. The algorithm, in full.
//
// A lock's word names the place at the gate, which has the lock, and the place that came last, its top. From the top,
// `next` leads to every place in line, younger before older. Whoever comes swaps itself in as the top, in the same word
// that an unlock swaps, so no wake-up falls between the two. Whoever has the gate does all else: it finds the oldest,
// takes out what has given up, grants, and moves the gate. For one that is dead the keeper does it, and never both.
//
// Invariants
// 1  at most one live process is between take and unlock, and the gate is its place.
// 2  no gate, then no top. The oldest has next 0.
// 3  at most one place in line is granted: the oldest. A place is buried only after gone → buried, and nobody uses it
//    until it is free.
// 4  a ghost is seen by the keeper, or by whoever gives it the gate: one writes the state and then reads the word, the
//    other the word and then the state.
// 5  nobody who stays in line is passed over, and nobody locks while there is a line.
// 6  `abandoned` is set by the keeper alone, for a place that was mine and had the gate, and cleared by an unlock of a
//    live one alone. So each next holder is told once, and each knows who died last.
//
// A process may be killed at every instruction here:
//
//   died when it had                          left behind                 who puts it right
//   noted, not locked; unlocked, not freed,   mine, the gate elsewhere    the keeper frees it, and rings the gate
//   or kept for the next turn
//   locked                                    the gate                    the keeper hands on, abandoned
//   not pushed                                gone, not linked            the keeper's walk frees it
//   pushed, parked, or given up               gone, linked                whoever passes buries it
//   walked, set `oldest`                      the gate                    the keeper starts from the links
//   noted a burial; buried; taken out; freed  the gate, `burying`         the keeper, where state and use agree
//   granted, not moved the gate               a granted place             the keeper moves the gate, abandoned
//   moved the gate, not rung                  mine, the gate elsewhere    the keeper rings, or hands on for a ghost
//   been granted                              ghost, or granted           who granted tells; or the keeper hands on
//
// A process that is stopped is alive: with the lock in hand, or in the middle of handing it on, it holds all up.
#pragma once

#include "base/step.hpp"
#include "shm/cell_table.hpp"

namespace troupe::shm {

// Who hands on.
enum class handing : std::uint8_t {
    live,       // a process that has the lock
    abandoned,  // the keeper, for one that died with it
    passed,     // the keeper, for one that died before it knew that it had it
};

// What whoever has handed on owes. The place that was at the gate is not freed before that is done.
struct hand_over {
    place_number to;      // has the gate now; none: nobody waits
    bool sleeps = false;  // is to be rung
    bool ghost = false;   // is dead, and the keeper is to be told
};

class lock_line {
public:
    lock_line(cell& of, const cell_table& table) noexcept : cell_(of), table_(table) {}

    lock_value seen() const noexcept { return cell_.word.get(); }
    // It has the lock, if nobody had. The place is noted: mine, with the cell.
    bool try_take(place_number me) noexcept {
        if (!cell_.word.take(me)) return false;
        // sync: peek - publishes that it is locked, before the value changes
        std::atomic_thread_fence(std::memory_order_release);
        TROUPE_STEP("lock: taken");
        return true;
    }
    // It is in line; false: nobody has the lock any more. The place is waiting.
    bool push(place_number me) noexcept;
    // What was copied meanwhile is what it was between two locks: nobody has locked since.
    bool unchanged_since(const lock_value& before) const noexcept;
    bool has_gate(place_number me) const noexcept { return seen().gate == me; }

    // `from` has the gate. It lets the lock go, if nobody waits.
    bool try_let_go(place_number from) noexcept {
        if (!cell_.word.let_go(from)) return false;
        TROUPE_STEP("lock: unlocked");
        return true;
    }
    // `from` has the gate.
    hand_over hand_on(place_number from, handing how) noexcept;

    // By the keeper: whether the place is linked, of which nobody else knows whether it ever was.
    bool is_linked(place_number one) const noexcept;

private:
    enum class out : std::uint8_t { taken_out, unlocked, look_again };

    lock_place& at(place_number number) const noexcept { return table_.place(number); }
    lock_value passed_on(const lock_value& from, place_number to, place_number top, handing how) const noexcept;
    place_number find_oldest(place_number top) noexcept;
    void settle_burial(place_number oldest) noexcept;
    void pass_on_notification(place_number one) noexcept;
    out take_out(place_number one, place_number from, handing how) noexcept;
    hand_over move_gate(place_number from, place_number to, handing how, bool sleeps) noexcept;

    cell& cell_;
    const cell_table& table_;
};

}  // namespace troupe::shm
