// Lines of locks, lists of conditions and permits, without processes: whoever works on them dies at every step in turn,
// and what is left is settled as the keeper does it (keeper/locks.cpp).
#include <csetjmp>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "base/step.hpp"
#include "catch.hpp"
#include "shm/condition_line.hpp"
#include "shm/lock_line.hpp"
#include "shm/permit_line.hpp"
#include "shm/program_memory.hpp"

using namespace troupe::shm;

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

// A program of which only the cells are used. Slot 1 is the one that dies.
class small_program {
public:
    small_program() : memory_(program_memory::create(8 * mib)) {}

    cell_table& cells() { return memory_.cells(); }
    cell& make(cell_kind kind) {
        const cell_id made = cells().claim(kind, owner_id::make(1, 1));
        cells().open(made);
        return cells().at(made.index());
    }
    // A place that is mine, for that cell.
    place_number note(std::uint32_t slot, std::uint32_t index, const cell& of) {
        const place_number number = place_number::make(slot, index);
        REQUIRE(cells().back_place(number));
        lock_place& it = cells().place(number);
        REQUIRE(it.state.get().state == place_state::free);
        it.cell.set(of.name().value);
        it.condition.set(0);
        it.state.set({place_state::mine, it.state.get().use + 1});
        used_.push_back(number);
        return number;
    }
    place_state state(place_number one) { return cells().place(one).state.get().state; }
    void become(place_number one, place_state to) {
        place_word& word = cells().place(one).state;
        REQUIRE(word.swap(word.get(), word.get().with(to)));
    }
    bool all_are_free() {
        for (const place_number one : used_) {
            if (state(one) != place_state::free) return false;
        }
        return true;
    }

private:
    program_memory memory_;
    std::vector<place_number> used_;
};

// A lock with a line.
class one_lock : public small_program {
public:
    one_lock() : lock(make(cell_kind::lock)), line(lock, cells()) {}

    place_number has_it(std::uint32_t slot, std::uint32_t index) {
        const place_number number = note(slot, index, lock);
        REQUIRE(line.try_take(number));
        return number;
    }
    place_number comes(std::uint32_t slot, std::uint32_t index, place_state as = place_state::waiting) {
        const place_number number = note(slot, index, lock);
        become(number, place_state::waiting);
        REQUIRE(line.push(number));
        if (as != place_state::waiting) become(number, as);
        return number;
    }
    bool has_turn(place_number one) { return state(one) == place_state::granted && line.has_gate(one); }
    // By a live one, which was granted or took it: its turn, and the end of that.
    void takes_and_unlocks(place_number one) {
        if (state(one) == place_state::granted) become(one, place_state::mine);
        unlock(one);
    }
    void unlock(place_number one) {
        const hand_over given = line.hand_on(one, handing::live);
        TROUPE_STEP("lock: next one rung");
        cells().place(one).state.set(cells().place(one).state.get().with(place_state::free));
        if (given.ghost) look_for_ghost();
    }

    // --- as the keeper does it
    void hands_on(place_number from, handing how) {
        for (;;) {
            const hand_over given = line.hand_on(from, how);
            cells().place(from).state.set(cells().place(from).state.get().with(place_state::free));
            if (!given.ghost) return;
            from = given.to;
            how = handing::passed;
        }
    }
    void look_for_ghost() {
        const place_number gate = line.seen().gate;
        if (gate && state(gate) == place_state::ghost) hands_on(gate, handing::passed);
    }
    void dies(place_number one) {
        lock_place& it = cells().place(one);
        const place_value is = it.state.get();
        switch (is.state) {
        case place_state::mine:
            if (line.has_gate(one)) return hands_on(one, handing::abandoned);
            look_for_ghost();
            it.state.set(is.with(place_state::free));
            break;
        case place_state::waiting:
        case place_state::parked:
            become(one, place_state::gone);
            if (!line.is_linked(one) && state(one) == place_state::gone) become(one, place_state::free);
            break;
        case place_state::granted:
            become(one, place_state::ghost);
            if (line.has_gate(one)) hands_on(one, handing::passed);
            break;
        case place_state::cwait: become(one, place_state::gone); break;
        case place_state::notified: become(one, place_state::gone_notified); break;
        default: break;
        }
    }
    bool is_free() { return !line.seen().gate && !line.seen().top; }

    cell& lock;
    lock_line line;
};

#ifdef TROUPE_STEPS
std::jmp_buf end_of_life;
unsigned steps_left = 0;
std::set<std::string> places_of_death;

// Runs `life`, which ends at the nth step from now. Nothing of what it calls has a destructor.
template <class Life>
bool lives_through(unsigned steps, Life life) {
    steps_left = steps;
    troupe::base::step_hook = [](const char* name) {
        if (--steps_left != 0) return;
        if (places_of_death.insert(name).second) std::printf("died at %s\n", name);
        std::longjmp(end_of_life, 1);
    };
    const bool killed = setjmp(end_of_life) != 0;
    if (!killed) life();
    troupe::base::step_hook = nullptr;
    return !killed;
}

// One step later each time, until it lives.
template <class Round>
void at_every_step(Round round) {
    for (unsigned step = 1;; ++step) {
        INFO("killed at step " << step);
        if (round(step)) {
            REQUIRE(step > 2);
            return;
        }
    }
}

// What comes to an end, whoever has the lock: each of those that wait gets it, in this order.
void gets_it_in_turn(one_lock& it, const std::vector<place_number>& order) {
    for (const place_number one : order) {
        REQUIRE(it.has_turn(one));
        it.takes_and_unlocks(one);
    }
    REQUIRE(it.is_free());
    REQUIRE(it.all_are_free());
}

TEST_CASE("lock line: an unlock killed at any step leaves the lock to the oldest that waits") {
    at_every_step([](unsigned step) {
        one_lock it;
        const place_number victim = it.has_it(1, 1);
        it.comes(2, 1, place_state::gone);
        const place_number second = it.comes(3, 1);
        it.comes(2, 2, place_state::gone);
        const place_number third = it.comes(2, 3, place_state::parked);
        const bool lived = lives_through(step, [&] { it.unlock(victim); });
        if (!lived) it.dies(victim);
        gets_it_in_turn(it, {second, third});
        return lived;
    });
}

TEST_CASE("lock line: whoever was in line itself, killed at any step of its unlock, leaves the lock to the next") {
    at_every_step([](unsigned step) {
        one_lock it;
        const place_number first = it.has_it(2, 1);
        const place_number victim = it.comes(1, 1);
        const place_number next = it.comes(3, 1);
        it.unlock(first);
        REQUIRE(it.has_turn(victim));
        const bool lived = lives_through(step, [&] { it.takes_and_unlocks(victim); });
        if (!lived) it.dies(victim);
        gets_it_in_turn(it, {next});
        return lived;
    });
}

TEST_CASE("lock line: one that unlocks with nobody left in line, killed at any step, leaves it free") {
    at_every_step([](unsigned step) {
        one_lock it;
        const place_number first = it.has_it(2, 1);
        const place_number victim = it.comes(1, 1);
        it.comes(3, 1, place_state::gone);
        it.unlock(first);
        const bool lived = lives_through(step, [&] { it.takes_and_unlocks(victim); });
        if (!lived) it.dies(victim);
        REQUIRE(it.is_free());
        REQUIRE(it.all_are_free());
        return lived;
    });
}

TEST_CASE("lock line: the keeper hands on from wherever two holders died, one after the other") {
    at_every_step([](unsigned step) {
        one_lock it;
        const place_number victim = it.has_it(1, 1);
        it.comes(2, 1, place_state::gone);
        const place_number second = it.comes(3, 1);
        const place_number third = it.comes(2, 2);
        const bool lived = lives_through(step, [&] { it.unlock(victim); });
        it.dies(second);  // before the keeper sees the end of the first
        if (!lived) it.dies(victim);
        it.look_for_ghost();
        gets_it_in_turn(it, {third});
        return lived;
    });
}

TEST_CASE("lock line: one that waits, killed at any step, holds nobody up") {
    at_every_step([](unsigned step) {
        one_lock it;
        const place_number first = it.has_it(2, 1);
        place_number victim = it.note(1, 1, it.lock);
        const bool lived = lives_through(step, [&] {
            it.cells().place(victim).state.set(it.cells().place(victim).state.get().with(place_state::waiting));
            TROUPE_STEP("lock: about to push");
            it.line.push(victim);
            TROUPE_STEP("test: in line");
        });
        it.dies(victim);
        const place_number last = it.comes(3, 1);
        it.unlock(first);
        gets_it_in_turn(it, {last});
        return lived;
    });
}

TEST_CASE("lock line: one that dies when it was granted, and has not the gate yet, is passed") {
    one_lock it;
    const place_number holder = it.has_it(1, 1);
    static one_lock* program = nullptr;
    static place_number granted;
    program = &it;
    granted = it.comes(2, 1, place_state::parked);
    const place_number next = it.comes(3, 1);
    troupe::base::step_hook = [](const char* name) {
        if (std::string(name) == "lock: granted") program->dies(std::exchange(granted, {}));
        if (!granted) troupe::base::step_hook = nullptr;
    };
    it.unlock(holder);
    gets_it_in_turn(it, {next});
}

TEST_CASE("lock line: only whoever died with the lock in hand is told of") {
    one_lock it;
    const place_number first = it.has_it(1, 1);
    const place_number second = it.comes(2, 1);
    const place_number third = it.comes(3, 1);
    it.dies(first);
    REQUIRE(it.line.seen().abandoned);
    it.dies(second);  // it never took it
    REQUIRE(it.line.seen().abandoned);
    REQUIRE(it.has_turn(third));
    it.takes_and_unlocks(third);
    REQUIRE_FALSE(it.line.seen().abandoned);
}

TEST_CASE("condition line: a notification killed at any step reaches one that waits, or nobody") {
    at_every_step([](unsigned step) {
        one_lock it;
        cell& condition = it.make(cell_kind::condition);
        condition_line waiting(condition, it.lock, it.cells());
        const place_number victim = it.has_it(1, 1);
        std::vector<place_number> those;
        for (std::uint32_t i = 0; i < 3; ++i) {
            those.push_back(it.note(2 + i, 1, it.lock));
            waiting.join(those.back());
        }
        it.become(those[0], place_state::gone);
        const bool lived = lives_through(step, [&] {
            waiting.notify_one();
            it.unlock(victim);
        });
        if (!lived) {
            if (it.line.has_gate(victim)) waiting.settle();
            it.dies(victim);
        }
        // Whoever comes next notifies all.
        if (it.has_turn(those[1])) it.takes_and_unlocks(those[1]);
        REQUIRE(it.is_free());
        const place_number last = it.has_it(1, 2);
        while (waiting.notify_one()) {
        }
        it.unlock(last);
        for (const place_number one : {those[1], those[2]}) {
            if (it.state(one) == place_state::free) continue;
            REQUIRE(it.has_turn(one));
            it.takes_and_unlocks(one);
        }
        REQUIRE(it.is_free());
        REQUIRE(it.all_are_free());
        return lived;
    });
}

TEST_CASE("condition line: the notification of one that died goes to the next, once") {
    one_lock it;
    cell& condition = it.make(cell_kind::condition);
    condition_line waiting(condition, it.lock, it.cells());
    const place_number holder = it.has_it(1, 1);
    const place_number first = it.note(2, 1, it.lock), second = it.note(3, 1, it.lock), third = it.note(4, 1, it.lock);
    for (const place_number one : {first, second, third}) waiting.join(one);
    REQUIRE(waiting.notify_one());
    it.dies(first);
    it.unlock(holder);
    REQUIRE(it.has_turn(second));
    it.takes_and_unlocks(second);
    REQUIRE(it.is_free());
    REQUIRE(it.state(third) == place_state::cwait);
    it.dies(third);
    free_waiters(condition, it.cells());
    REQUIRE(it.all_are_free());
}

TEST_CASE("permit line: permits are neither lost nor made by a death at any step") {
    at_every_step([](unsigned step) {
        small_program it;
        cell& semaphore = it.make(cell_kind::semaphore);
        semaphore.semaphore().permits.begin(5);
        permit_line permits(semaphore, it.cells());
        const place_number victim = it.note(1, 1, semaphore), other = it.note(2, 1, semaphore);
        REQUIRE(permits.take(other, 1, taking::to_hold));
        const bool lived = lives_through(step, [&] {
            permits.take(victim, 2, taking::to_hold);
            permits.take(victim, 1, taking::to_hold);
            permits.give(victim, 2);
            TROUPE_STEP("test: holds one");
        });
        if (step % 2 == 0) REQUIRE(permits.give(other, 1));  // who enters the last change
        permits.give_back_all(victim);
        permits.give_back_all(other);
        REQUIRE(permits.free() == 5);
        return lived;
    });
}
#endif

}  // namespace
