// Scenes in which the victim uses what actors share: a lock, a semaphore, an event, a barrier, a condition, an array.
//
// Whatever the victim was doing, the lock goes to the next one, which finds the value whole or is told of the death;
// all permits are back; whoever waits at an event or in a condition goes on when it is told; and nothing is left, no
// cell and no place in a line.
#include <csignal>
#include <optional>
#include <string>

#include "prove/parts.hpp"
#include "prove/scene.hpp"

namespace proving {
namespace {

using troupe::shared;
using troupe::task;

struct account {
    long balance = 0;
    long entries = 0;
};

bool is_whole(const account& in) { return in.balance == 10 * in.entries; }

void enter(account& in) {
    in.balance += 10;
    in.entries += 1;
}

std::string judge_end(const troupe::exit_status& end) {
    return end.code() == -SIGKILL || end.success() ? "" : "the victim " + to_string(end) + ';';
}

// What the next holder finds, and puts right.
std::string judge_value(shared<account>::held& found) {
    const bool told = found.abandoned().has_value();
    if (told && found.abandoned()->code() != -SIGKILL) return "somebody else died with the lock;";
    if (!is_whole(*found) && !told) return "half an entry, and nobody died with it;";
    found->balance = 10 * found->entries;
    enter(*found);
    return "";
}

// --- locks

task<> lock_alone(shared<account> till) {
    stand_by(own_id());
    proving_begins();
    {
        auto inside = co_await till.lock();
        enter(*inside);
    }
    proving_ends();
}

task<std::string> uncontested() {
    const shared<account> till;
    const auto victim = co_await troupe::spawn<&lock_alone>(till);
    const auto end = co_await victim.join();
    auto inside = co_await till.lock();
    co_return judge_end(end) + judge_value(inside);
}

// The program has the lock until the victim sleeps.
task<std::string> victim_waits() {
    const shared<account> till;
    std::optional<shared<account>::held> mine = co_await till.lock();
    const auto victim = co_await troupe::spawn<&lock_alone>(till);
    co_await until_at_rest(co_await until_there_is_a_victim());
    enter(**mine);
    mine.reset();
    const auto end = co_await victim.join();
    auto inside = co_await till.lock();
    co_return judge_end(end) + judge_value(inside);
}

task<> unlock_for_others(shared<account> till, std::size_t others) {
    auto inside = co_await till.lock();
    reach_phase(1);
    co_await until_phase(1 + static_cast<std::uint32_t>(others));
    co_await until_at_rest({board::here().other});
    stand_by(own_id());
    proving_begins();
    enter(*inside);
    inside.unlock();
    proving_ends();
}

task<> lock_later(shared<account> till, std::uint32_t phase) {
    co_await until_phase(phase);
    board::here().other = own_id().value;
    reach_phase(phase + 1);
    auto inside = co_await till.lock();
    enter(*inside);
    inside->balance = 10 * inside->entries;
}

template <std::uint32_t Others>
task<std::string> others_wait() {
    const shared<account> till;
    const auto victim = co_await troupe::spawn<&unlock_for_others>(till, std::size_t{Others});
    std::vector<troupe::actor<>> others;
    for (std::uint32_t i = 0; i < Others; ++i) others.push_back(co_await troupe::spawn<&lock_later>(till, 1 + i));
    std::string wrong;
    for (const auto& one : others) {
        const auto ended = co_await one.join();
        if (!ended.success()) wrong += "one that waited " + to_string(ended) + ';';
    }
    const auto end = co_await victim.join();
    auto inside = co_await till.lock();
    if (inside->entries < Others) wrong += "an entry is lost;";
    co_return wrong + judge_end(end) + judge_value(inside);
}

task<> give_up(shared<account> till) {
    stand_by(own_id());
    proving_begins();
    try {
        co_await troupe::with_timeout(std::chrono::milliseconds(2), till.lock());
    } catch (const troupe::timed_out&) {
    }
    proving_ends();
}

task<std::string> victim_gives_up() {
    const shared<account> till;
    std::optional<shared<account>::held> mine = co_await till.lock();
    const auto victim = co_await troupe::spawn<&give_up>(till);
    const auto end = co_await victim.join();
    mine.reset();
    auto inside = co_await till.lock();
    co_return judge_end(end) + judge_value(inside);
}

// --- semaphores, events, barriers, conditions

task<> take_permits(troupe::semaphore permits) {
    stand_by(own_id());
    proving_begins();
    co_await permits.acquire(2);
    permits.release(2);
    proving_ends();
}

template <bool Waits>
task<std::string> permits_come_back() {
    const troupe::semaphore permits(2);
    if (Waits) co_await permits.acquire();
    const auto victim = co_await troupe::spawn<&take_permits>(permits);
    if (Waits) {
        co_await until_at_rest(co_await until_there_is_a_victim());
        permits.release();
    }
    const auto end = co_await victim.join();
    co_await permits.acquire(2);
    co_return judge_end(end) + (permits.available() == 0 ? "" : "there are more permits than there were;");
}

task<> set_it(troupe::event event) {
    stand_by(own_id());
    proving_begins();
    event.set();
    proving_ends();
    co_return;
}
task<> wait_for_it(troupe::event event) { co_await event.wait(); }

task<std::string> event_is_set() {
    const troupe::event event;
    const auto waiter = co_await troupe::spawn<&wait_for_it>(event);
    co_await until_at_rest(waiter.id());
    const auto victim = co_await troupe::spawn<&set_it>(event);
    const auto end = co_await victim.join();
    event.set();
    const auto ended = co_await waiter.join();
    co_return judge_end(end) + (ended.success() ? "" : "the waiter " + to_string(ended));
}

task<> arrive(troupe::barrier barrier) {
    stand_by(own_id());
    proving_begins();
    co_await barrier.arrive_and_wait();
    proving_ends();
}

task<std::string> barrier_completes_or_breaks() {
    const troupe::barrier barrier(2);
    const auto victim = co_await troupe::spawn<&arrive>(barrier);
    bool broken = false;
    try {
        co_await barrier.arrive_and_wait();
    } catch (const troupe::broken_barrier&) {
        broken = true;
    }
    const auto end = co_await victim.join();
    co_return judge_end(end) + (broken && end.success() ? "it broke though all came;" : "");
}

task<> notify(shared<account> till, troupe::condition changed) {
    stand_by(own_id());
    proving_begins();
    {
        auto inside = co_await till.lock();
        changed.notify_one(inside);
    }
    proving_ends();
}
task<> await_entry(shared<account> till, troupe::condition changed) {
    auto inside = co_await till.lock();
    while (inside->entries == 0) co_await changed.wait(inside);
}

task<std::string> victim_notifies() {
    const shared<account> till;
    const troupe::condition changed;
    const auto waiter = co_await troupe::spawn<&await_entry>(till, changed);
    co_await until_at_rest(waiter.id());
    const auto victim = co_await troupe::spawn<&notify>(till, changed);
    const auto end = co_await victim.join();
    {
        auto inside = co_await till.lock();
        enter(*inside);
        changed.notify_all(inside);
    }
    const auto ended = co_await waiter.join();
    co_return judge_end(end) + (ended.success() ? "" : "the waiter " + to_string(ended));
}

task<> wait_to_be_notified(shared<account> till, troupe::condition changed) {
    stand_by(own_id());
    proving_begins();
    {
        auto inside = co_await till.lock();
        while (inside->entries == 0) co_await changed.wait(inside);
    }
    proving_ends();
}

task<std::string> victim_is_notified() {
    const shared<account> till;
    const troupe::condition changed;
    const auto victim = co_await troupe::spawn<&wait_to_be_notified>(till, changed);
    co_await until_at_rest(co_await until_there_is_a_victim());
    const auto other = co_await troupe::spawn<&await_entry>(till, changed);
    co_await until_at_rest(other.id());
    for (int i = 0; i < 2; ++i) {
        auto inside = co_await till.lock();
        enter(*inside);
        changed.notify_one(inside);
    }
    const auto ended = co_await other.join();
    const auto end = co_await victim.join();
    co_return judge_end(end) + (ended.success() ? "" : "the other one " + to_string(ended));
}

// --- making them

task<> make_some() {
    stand_by(own_id());
    proving_begins();
    {
        const shared<account> small;
        const troupe::shared_array<int> all(5000);
        const troupe::shared_array<int> copy = all;
    }
    proving_ends();
    co_return;
}

task<std::string> victim_makes() {
    const auto end = co_await (co_await troupe::spawn<&make_some>()).join();
    co_return judge_end(end);
}

}  // namespace

std::vector<scene> sharing_scenes() {
    return {
        {"lock, nobody wants it", victim::itself, &uncontested},
        {"lock, another has it", victim::itself, &victim_waits},
        {"lock, given up", victim::itself, &victim_gives_up},
        {"unlock, another waits", victim::itself, &others_wait<1>},
        {"unlock, two wait", victim::itself, &others_wait<2>},
        {"acquire and release", victim::itself, &permits_come_back<false>},
        {"acquire, too few", victim::itself, &permits_come_back<true>},
        {"set an event", victim::itself, &event_is_set},
        {"arrive at a barrier", victim::itself, &barrier_completes_or_breaks},
        {"notify", victim::itself, &victim_notifies},
        {"wait in a condition", victim::itself, &victim_is_notified},
        {"make a shared value and an array", victim::itself, &victim_makes},
    };
}

}  // namespace proving
