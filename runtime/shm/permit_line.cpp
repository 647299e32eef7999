#include "shm/permit_line.hpp"

#include <algorithm>

#include "base/step.hpp"

namespace troupe::shm {

// Before somebody changes the word. What is read here counts only if the word is still what it was.
void permit_line::enter_last(permit_value seen) noexcept {
    if (!seen.account) return;
    lock_place& place = table_.place(seen.account);
    const account_value stands = place.stands.get();
    const account_value meant = place.meant.get();
    if (meant.number != seen.number || stands == meant || word().get() != seen) return;
    place.stands.swap(stands, meant);
}

bool permit_line::take(place_number account, std::uint32_t many, taking how) noexcept {
    lock_place& mine = table_.place(account);
    const account_value stands = mine.stands.get();
    const std::uint32_t number = (stands.number + 1) & permit_value::number_mask;
    const account_value meant{number, stands.held + (how == taking::to_hold ? many : 0)};
    // crash: meant, and not made; nothing has happened
    mine.meant.set(meant);
    TROUPE_STEP("semaphore: taking meant");
    for (;;) {
        const permit_value seen = word().get();
        if (seen.free < many) return false;
        enter_last(seen);
        // crash: made, and the word says so; whoever changes it next enters it, or the keeper
        if (word().swap(seen, {seen.free - many, account, number})) break;
    }
    TROUPE_STEP("semaphore: taken");
    mine.stands.set(meant);
    return true;
}

bool permit_line::give(place_number account, std::uint32_t many) noexcept {
    lock_place& mine = table_.place(account);
    const account_value stands = mine.stands.get();
    const std::uint32_t number = (stands.number + 1) & permit_value::number_mask;
    const account_value meant{number, stands.held - std::min(many, stands.held)};
    mine.meant.set(meant);
    TROUPE_STEP("semaphore: giving meant");
    for (;;) {
        const permit_value seen = word().get();
        if (many > most_permits - seen.free) return false;
        enter_last(seen);
        // crash: made, and whoever waits is not rung; the keeper rings
        if (word().swap(seen, {seen.free + many, account, number})) break;
    }
    TROUPE_STEP("semaphore: given");
    mine.stands.set(meant);
    return true;
}

void permit_line::give_back_all(place_number account) noexcept {
    lock_place& place = table_.place(account);
    for (;;) {
        const permit_value seen = word().get();
        const account_value meant = place.meant.get();
        const bool made = seen.account == account && seen.number == meant.number;
        const std::uint32_t held = made ? meant.held : place.stands.get().held;
        enter_last(seen);
        if (word().swap(seen, {std::min(seen.free + held, most_permits), {}, 0})) break;
    }
}

}  // namespace troupe::shm
