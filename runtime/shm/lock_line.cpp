#include "shm/lock_line.hpp"

#include "shm/condition_line.hpp"

namespace troupe::shm {
namespace {

// A line cannot be longer; what is longer was damaged.
constexpr std::uint32_t longest_walk = most_processes * most_places;

}  // namespace

bool lock_line::unchanged_since(const lock_value& before) const noexcept {
    // sync: peek - observes that it was locked, where the copy has anything that was changed then
    std::atomic_thread_fence(std::memory_order_acquire);
    return cell_.word.get() == before;
}

bool lock_line::push(place_number me) noexcept {
    lock_place& mine = at(me);
    lock_value seen = cell_.word.get();
    while (seen.gate) {
        mine.after.set(0);
        mine.next.set(seen.top.value);
        lock_value with = seen;
        with.top = me;
        // crash: in line; whoever passes buries it
        if (cell_.word.swap(seen, with)) {
            TROUPE_STEP("lock: pushed");
            return true;
        }
    }
    return false;
}

// The word once `from` has let go.
lock_value lock_line::passed_on(const lock_value& from, place_number to, place_number top, handing how) const noexcept {
    const bool abandoned = how == handing::abandoned || (how == handing::passed && from.abandoned);
    return {to, top, abandoned, (from.unlocks + 1) & lock_value::unlocks_mask};
}

// Sets the links back that the walk passes. Each is set once.
place_number lock_line::find_oldest(place_number top) noexcept {
    place_number one = top;
    for (std::uint32_t i = 0; i < longest_walk; ++i) {
        const place_number older = at(one).older();
        if (!older) break;
        at(older).after.set(one.value);
        one = older;
    }
    cell_.oldest.set(one.value);
    return one;
}

// What the dead holder had begun to take out, and had taken out.
void lock_line::settle_burial(place_number oldest) noexcept {
    const burial_note::value noted = cell_.burying.get();
    if (!noted.place || noted.place == oldest) return;
    lock_place& place = at(noted.place);
    const place_value is = place.state.get();
    if (is.state != place_state::buried || burial_note::kept_part(is.use) != noted.use) return;
    place.state.set(is.with(place_state::free));
    cell_.burying.clear();
}

// Takes the oldest out of the line; where it has the gate itself and nobody else came, that unlocks.
lock_line::out lock_line::take_out(place_number one, place_number from, handing how) noexcept {
    lock_value seen = cell_.word.get();
    if (seen.top == one) {
        cell_.oldest.set(0);
        const place_number nobody;
        const lock_value without =
            one == from ? passed_on(seen, nobody, nobody, how) : lock_value{from, nobody, seen.abandoned, seen.unlocks};
        if (!cell_.word.swap(seen, without)) return out::look_again;  // somebody came
        TROUPE_STEP("lock: line is empty");
        return one == from ? out::unlocked : out::taken_out;
    }
    place_number younger = at(one).younger();
    if (!younger) {
        younger = seen.top;
        for (std::uint32_t i = 0; i < longest_walk && at(younger).older() != one; ++i) {
            const place_number older = at(younger).older();
            if (!older) return out::look_again;
            at(older).after.set(younger.value);
            younger = older;
        }
        at(one).after.set(younger.value);
    }
    at(younger).next.set(0);
    TROUPE_STEP("lock: cut");
    cell_.oldest.set(younger.value);
    return out::taken_out;
}

// It was notified, and will not go on: the next one of its condition is notified in its place.
void lock_line::pass_on_notification(place_number one) noexcept {
    cell* const condition = table_.find(cell_id{at(one).condition.get()});
    if (condition != nullptr) condition_line(*condition, cell_, table_).notify_one();
    TROUPE_STEP("lock: notification passed on");
}

hand_over lock_line::move_gate(place_number from, place_number to, handing how, bool sleeps) noexcept {
    lock_value seen = cell_.word.get();
    while (seen.gate == from && !cell_.word.swap(seen, passed_on(seen, to, seen.top, how))) {
    }
    TROUPE_STEP("lock: gate moved");
    // crash: not rung; the keeper rings whoever has the gate
    return {to, sleeps, at(to).state.get().state == place_state::ghost};
}

hand_over lock_line::hand_on(place_number from, handing how) noexcept {
    bool unsettled = how != handing::live;
    if (unsettled) cell_.oldest.set(0);  // the keeper believes the links alone
    for (;;) {
        lock_value seen = cell_.word.get();
        if (seen.gate != from) return {};  // damaged: it is somebody else's
        if (!seen.top) {
            if (unsettled) settle_burial({});
            unsettled = false;
            // crash: nobody has it; the place is mine, and the keeper frees it
            if (!cell_.word.swap(seen, passed_on(seen, {}, {}, how))) continue;
            TROUPE_STEP("lock: unlocked");
            return {};
        }
        place_number oldest{cell_.oldest.get()};
        if (!oldest) oldest = find_oldest(seen.top);
        TROUPE_STEP("lock: oldest known");
        if (unsettled) settle_burial(oldest);
        unsettled = false;
        if (oldest == from) {
            if (take_out(oldest, from, how) == out::unlocked) return {};
            continue;
        }
        lock_place& place = at(oldest);
        const place_value is = place.state.get();
        switch (is.state) {
        case place_state::waiting:
        case place_state::parked:
        case place_state::notified:
            // crash: granted, and the gate is still here; the keeper moves it
            if (!place.state.swap(is, is.with(place_state::granted))) continue;  // parked, or gave up
            TROUPE_STEP("lock: granted");
            return move_gate(from, oldest, how, is.state != place_state::waiting);
        case place_state::granted:
        case place_state::ghost: return move_gate(from, oldest, how, true);
        case place_state::gone_notified: pass_on_notification(oldest); [[fallthrough]];
        case place_state::gone:
            cell_.burying.set(oldest, burial_note::kept_part(is.use));
            TROUPE_STEP("lock: burial noted");
            // crash: buried, and in line; the keeper goes on
            if (!place.state.swap(is, is.with(place_state::buried))) {
                cell_.burying.clear();
                continue;  // it came back
            }
            TROUPE_STEP("lock: buried");
            break;
        case place_state::buried: break;
        case place_state::free:
        case place_state::mine:
        case place_state::account:
        case place_state::cwait:  // damaged: rather nobody has it than that everybody waits
            cell_.oldest.set(0);
            if (cell_.word.swap(seen, passed_on(seen, {}, {}, how))) return {};
            continue;
        }
        if (take_out(oldest, from, how) != out::taken_out) continue;
        TROUPE_STEP("lock: taken out");
        place.state.set({place_state::free, is.use});
        // crash: free, and the note is left; the keeper sees that the state does not agree
        TROUPE_STEP("lock: buried place freed");
        cell_.burying.clear();
    }
}

bool lock_line::is_linked(place_number one) const noexcept {
    place_number here = cell_.word.get().top;
    for (std::uint32_t i = 0; here && i < longest_walk; ++i) {
        if (here == one) return true;
        here = at(here).older();
    }
    return false;
}

}  // namespace troupe::shm
