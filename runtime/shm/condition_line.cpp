#include "shm/condition_line.hpp"

#include "base/step.hpp"

namespace troupe::shm {
namespace {

// A list cannot be longer; what is longer was damaged.
constexpr std::uint32_t longest_walk = most_processes * most_places;

}  // namespace

void condition_line::join(place_number place) noexcept {
    lock_place& mine = table_.place(place);
    mine.condition.set(cell_.name().value);
    mine.waits_behind.set(top().value);
    // crash: waits, and in no list; the keeper frees it
    mine.state.set(mine.state.get().with(place_state::cwait));
    TROUPE_STEP("condition: about to wait");
    // crash: in the list, and the lock is still held; the keeper hands on
    cell_.condition().top.set(place);
    TROUPE_STEP("condition: waits");
}

void condition_line::cut(place_number one, place_number younger) noexcept {
    const place_number older = table_.place(one).older_waiting();
    if (younger) {
        table_.place(younger).waits_behind.set(older.value);
    } else {
        cell_.condition().top.set(older);
    }
}

void condition_line::bury(place_number one, place_number younger) noexcept {
    lock_place& place = table_.place(one);
    const place_value is = place.state.get();
    cell_.condition().burying.set(one, burial_note::kept_part(is.use));
    TROUPE_STEP("condition: burial noted");
    cut(one, younger);
    TROUPE_STEP("condition: gone one taken out");
    place.state.set(is.with(place_state::free));
    cell_.condition().burying.clear();
}

bool condition_line::notify_one() noexcept {
    for (;;) {
        place_number oldest = top(), younger;
        if (!oldest) return false;
        for (std::uint32_t i = 0; table_.place(oldest).older_waiting() && i < longest_walk; ++i) {
            younger = oldest;
            oldest = table_.place(oldest).older_waiting();
        }
        lock_place& place = table_.place(oldest);
        const place_value is = place.state.get();
        if (is.state == place_state::gone) {
            bury(oldest, younger);
            continue;
        }
        cell_.condition().moving.set(oldest);
        TROUPE_STEP("condition: move noted");
        // crash: notified, and in the list; the keeper goes on
        if (is.state == place_state::cwait && !place.state.swap(is, is.with(place_state::notified))) {
            cell_.condition().moving.set({});
            continue;  // it gave up
        }
        TROUPE_STEP("condition: notified");
        cut(oldest, younger);
        TROUPE_STEP("condition: out of the list");
        lock_line(lock_, table_).push(oldest);
        TROUPE_STEP("condition: in line");
        cell_.condition().moving.set({});
        return true;
    }
}

void condition_line::take_out_gone(std::uint16_t slot) noexcept {
    place_number one = top(), younger;
    for (std::uint32_t i = 0; one && i < longest_walk; ++i) {
        const place_number older = table_.place(one).older_waiting();
        if (one.slot() == slot && table_.place(one).state.get().state == place_state::gone) {
            bury(one, younger);
        } else {
            younger = one;
        }
        one = older;
    }
}

bool condition_line::is_linked(place_number one) const noexcept {
    place_number here = top();
    for (std::uint32_t i = 0; here && i < longest_walk; ++i) {
        if (here == one) return true;
        here = table_.place(here).older_waiting();
    }
    return false;
}

void condition_line::settle() noexcept {
    condition_cell& words = cell_.condition();
    if (const place_number moved = words.moving.get()) {
        const place_state is = table_.place(moved).state.get().state;
        lock_line line(lock_, table_);
        const bool on_its_way = is == place_state::notified || is == place_state::gone_notified;
        if (is_linked(moved)) {
            notify_one();
        } else if (on_its_way && !line.is_linked(moved)) {
            line.push(moved);
        }
        words.moving.set({});
    }
    const burial_note::value buried = words.burying.get();
    if (!buried.place) return;
    lock_place& place = table_.place(buried.place);
    const place_value is = place.state.get();
    const bool meant = is.state == place_state::gone && burial_note::kept_part(is.use) == buried.use;
    if (meant && !is_linked(buried.place)) place.state.set(is.with(place_state::free));
    words.burying.clear();
}

void free_waiters(cell& condition, const cell_table& table) noexcept {
    place_number one = condition.condition().top.get();
    condition.condition().top.set({});
    for (std::uint32_t i = 0; one && i < longest_walk; ++i) {
        lock_place& place = table.place(one);
        one = place.older_waiting();
        const place_value is = place.state.get();
        if (is.state == place_state::gone) place.state.set(is.with(place_state::free));
    }
}

}  // namespace troupe::shm
