// The permits of a semaphore, and who has them: by whoever changes them, or by the keeper for one that is dead.
//
// Each process has one account at a semaphore: how many permits, and by its so-many-th change. A change is written down
// as meant, then made in one swap of the semaphore's word, which names the account and the number of the change, and
// then it stands. So of a process that was killed the keeper knows: the change that is meant has been made if the word
// names it, or if it stands; and whoever changes the word next enters the change before it, so that the word need name
// only one.
//
// Invariant: what is free, and all that is held, are the permits there are. The change that the word names is entered
// before the word changes again.
#pragma once

#include "shm/cell_table.hpp"

namespace troupe::shm {

enum class taking : std::uint8_t { to_hold, for_good };

class permit_line {
public:
    permit_line(cell& of, const cell_table& table) noexcept : cell_(of), table_(table) {}

    std::uint32_t free() const noexcept { return word().get().free; }
    // What the account has, by a process of its own.
    std::uint32_t held(place_number account) const noexcept { return table_.place(account).stands.get().held; }

    // Returns false if there are too few.
    bool take(place_number account, std::uint32_t many, taking how) noexcept;
    // Those that it holds first; what goes beyond is new. Returns false if there would be more than there can be.
    bool give(place_number account, std::uint32_t many) noexcept;
    // All that the account has goes back, and the word names it no more.
    void give_back_all(place_number account) noexcept;

private:
    permit_word& word() const noexcept { return cell_.semaphore().permits; }
    void enter_last(permit_value seen) noexcept;

    cell& cell_;
    const cell_table& table_;
};

}  // namespace troupe::shm
