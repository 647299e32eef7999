// The list of a condition, and the way from it to the line of its lock. All that is here is done by whoever has the
// lock, or by the keeper for one that died with it.
//
// Whoever waits links its place as the list's top, in one store, and lets the lock go; from there on it waits as one in
// line does, and goes on when it has the lock. Whoever notifies takes the oldest of the list, notes the move, marks it
// notified, takes it out of the list and pushes it on the lock's word. So one that is notified is woken once, and a
// thousand do not run at once. One that has given up, or is dead, is taken out by whoever comes to it; if it was
// notified before, whoever buries it notifies the next one first. So no notification goes with it; there may be one too
// many after a death, and after nothing else.
//
//   the holder died when it had            left behind                    the keeper
//   noted its place, not linked it         gone, linked nowhere           frees it
//   linked it, not let go                  gone, linked                   leaves it to whoever notifies
//   noted a move; notified                 in the list                    notifies
//   taken it out of the list               in no list                     pushes it
//   pushed it                              in line, `moving`              forgets the note
//   noted a burial; taken it out           gone, in no list               frees it
#pragma once

#include "shm/cell_table.hpp"
#include "shm/lock_line.hpp"

namespace troupe::shm {

class condition_line {
public:
    condition_line(cell& of, cell& lock, const cell_table& table) noexcept : cell_(of), lock_(lock), table_(table) {}

    // The place, which is mine, waits there from then on.
    void join(place_number place) noexcept;
    // Moves the oldest that waits to the line of the lock. Returns false if nobody waits.
    bool notify_one() noexcept;
    // Takes out what the process of a slot has given up.
    void take_out_gone(std::uint16_t slot) noexcept;

    // By the keeper: what the dead holder had begun.
    void settle() noexcept;
    bool is_linked(place_number one) const noexcept;

private:
    place_number top() const noexcept { return cell_.condition().top.get(); }
    void cut(place_number one, place_number younger) noexcept;
    void bury(place_number one, place_number younger) noexcept;

    cell& cell_;
    cell& lock_;
    const cell_table& table_;
};

// When nobody has the condition any more: frees the places in its list, which have all been given up.
void free_waiters(cell& condition, const cell_table& table) noexcept;

}  // namespace troupe::shm
