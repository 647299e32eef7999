// Who waits for whom, and in a circle.
#include <chrono>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "inspect/looking.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::task;

struct poke {
    using reply = int;
    int depth;
};
struct meet {
    troupe::actor<poke> other;
};

task<> partner(troupe::mailbox<meet, poke> inbox) {
    troupe::actor<poke> other;
    co_await inbox.serve([&other](meet m) { other = m.other; },
                         [&other](poke m) -> task<int> { co_return co_await other.ask(poke{m.depth + 1}); });
}
// The same, and it gives up after a day.
task<> patient(troupe::mailbox<meet, poke> inbox) {
    troupe::actor<poke> other;
    co_await inbox.serve([&other](meet m) { other = m.other; },
                         [&other](poke m) -> task<int> { co_return co_await other.ask(poke{m.depth + 1}, 24h); });
}

using link = troupe::actor<meet, poke>;

task<std::vector<link>> circle_of(int many) {
    std::vector<link> links;
    for (int i = 0; i < many; ++i) {
        links.push_back(co_await troupe::spawn<partner>({.name = "link " + std::to_string(i), .daemon = true}));
    }
    for (std::size_t i = 0; i < links.size(); ++i) co_await links[i].send(meet{links[(i + 1) % links.size()]});
    co_await links.front().send(poke{1});
    co_return links;
}

task<> kill_all(std::vector<link> links) {
    for (const link& one : links) one.kill();
    for (const link& one : links) co_await one.join();
}

bool has_cycle(const looking::snapshot& now) { return !now.cycles.empty(); }

task<> names_a_circle_of(int many) {
    const std::vector<link> links = co_await circle_of(many);
    const auto by = looking::at_ourselves();
    const auto seen = co_await looking::until(by, {}, has_cycle);
    REQUIRE(seen.cycles.size() == 1);
    const auto& cycle = seen.cycles.front();
    CHECK(cycle.actors.size() == static_cast<std::size_t>(many));
    CHECK(cycle.deadlock);
    CHECK_FALSE(cycle.deadline.has_value());
    CHECK(seen.edges.size() == static_cast<std::size_t>(many));
    for (const auto& edge : seen.edges) CHECK(edge.why.kind == "reply");
    for (int i = 0; i < many; ++i) CHECK(looking::find(seen, "link " + std::to_string(i))->cycle == 1);
    CHECK(looking::find(seen, "program")->cycle == 0);
    co_await kill_all(links);
    CHECK(by->look({}).cycles.empty());
}

task<> dissolves() {
    std::vector<link> links;
    for (const char* name : {"one", "other"}) {
        links.push_back(co_await troupe::spawn<patient>({.name = name, .daemon = true}));
    }
    co_await links[0].send(meet{links[1]});
    co_await links[1].send(meet{links[0]});
    co_await links[0].send(poke{1});
    const auto by = looking::at_ourselves();
    const auto seen = co_await looking::until(by, {}, has_cycle);
    CHECK_FALSE(seen.cycles.front().deadlock);
    CHECK(seen.cycles.front().deadline.has_value());
    links[0].kill();
    co_await links[0].join();
    co_await looking::until(by, {}, [](const looking::snapshot& now) {
        return now.cycles.empty() && now.edges.empty() && looking::waits_for(now, "other", "mailbox");
    });
    links[1].kill();
    co_await links[1].join();
}

struct load {
    char bytes[1000];
};
struct fill {
    troupe::actor<load> other;
};

task<> filler(troupe::mailbox<fill, load> inbox) {
    co_await inbox.serve(
        [](fill m) -> task<> {
            for (;;) co_await m.other.send(load{});
        },
        [](load) {});
}

task<> fill_each_other() {
    auto one = co_await troupe::spawn<filler>({.name = "one", .mailbox = 64 << 10});
    auto other = co_await troupe::spawn<filler>({.name = "other", .mailbox = 64 << 10});
    co_await one.send(fill{other});
    co_await other.send(fill{one});
    const auto seen = co_await looking::until(looking::at_ourselves(), {}, has_cycle);
    CHECK(seen.cycles.front().deadlock);
    CHECK(seen.cycles.front().actors.size() == 2);
    for (const auto& edge : seen.edges) CHECK(edge.why.kind == "room");
    one.kill();
    other.kill();
    co_await one.join();
    co_await other.join();
}

task<> receives_meanwhile() {
    auto one = co_await troupe::spawn<partner>({.name = "one", .daemon = true});
    const auto by = looking::at_ourselves();
    const auto seen = co_await looking::until(
        by, {}, [](const looking::snapshot& now) { return looking::waits_for(now, "one", "mailbox"); });
    CHECK(seen.edges.empty());
    CHECK(seen.cycles.empty());
    one.kill();
    co_await one.join();
}

// --- locks, semaphores and barriers

task<> locks_both(troupe::mutex first, troupe::mutex second, troupe::event both_have_one, troupe::queue<int> begun) {
    const auto one = co_await first.lock();
    co_await begun.put(1);
    co_await both_have_one.wait();
    const auto other = co_await second.lock();
}

task<> lock_across() {
    const troupe::mutex first, second;
    const troupe::event both_have_one;
    troupe::queue<int> begun;
    auto one = co_await troupe::spawn<locks_both>({.name = "one"}, first, second, both_have_one, begun);
    auto other = co_await troupe::spawn<locks_both>({.name = "other"}, second, first, both_have_one, begun);
    co_await begun.get();
    co_await begun.get();
    both_have_one.set();
    const auto seen = co_await looking::until(looking::at_ourselves(), {.cells = true}, has_cycle);
    CHECK(seen.cycles.front().deadlock);
    CHECK(seen.cycles.front().actors.size() == 2);
    REQUIRE(seen.edges.size() == 2);
    for (const auto& edge : seen.edges) CHECK(edge.why.kind == "lock");
    for (const auto& cell : seen.cells) {
        if (cell.kind != "mutex") continue;
        CHECK(cell.since.has_value());
        CHECK(cell.waiting.size() == 1);
    }
    one.kill();
    co_await one.join();
    co_await other.join();  // has the lock of the dead one now
}

task<> takes_a_permit(troupe::semaphore permits, troupe::mutex lock, troupe::event go, troupe::queue<int> begun) {
    co_await permits.acquire();
    co_await begun.put(1);
    co_await go.wait();
    const auto turn = co_await lock.lock();
}
task<> locks_and_wants_a_permit(troupe::semaphore permits, troupe::mutex lock, troupe::event go,
                                troupe::queue<int> begun) {
    const auto turn = co_await lock.lock();
    co_await begun.put(1);
    co_await go.wait();
    co_await permits.acquire();
}

task<> wait_for_a_permit_and_a_lock() {
    const troupe::semaphore permits(1);
    const troupe::mutex lock;
    const troupe::event go;
    troupe::queue<int> begun;
    auto one = co_await troupe::spawn<takes_a_permit>({.name = "one"}, permits, lock, go, begun);
    auto other = co_await troupe::spawn<locks_and_wants_a_permit>({.name = "other"}, permits, lock, go, begun);
    co_await begun.get();
    co_await begun.get();
    go.set();
    const auto seen = co_await looking::until(looking::at_ourselves(), {.cells = true}, has_cycle);
    CHECK(seen.cycles.front().deadlock);
    for (const auto& cell : seen.cells) {
        if (cell.kind == "semaphore") CHECK(cell.awaited == std::vector{looking::find(seen, "one")->id});
    }
    one.kill();
    co_await one.join();
    co_await other.join();
}

task<> locks_then_comes(troupe::mutex lock, troupe::barrier all) {
    const auto turn = co_await lock.lock();
    co_await all.arrive_and_wait();
}

// Whoever comes first has the lock while it waits for the other one, which needs the lock to come.
task<> wait_at_a_barrier_with_a_lock() {
    const troupe::mutex lock;
    const troupe::barrier all(2);
    auto one = co_await troupe::spawn<locks_then_comes>({.name = "one"}, lock, all);
    auto other = co_await troupe::spawn<locks_then_comes>({.name = "other"}, lock, all);
    const auto by = looking::at_ourselves();
    static_cast<void>(co_await looking::until(by, {}, [](const looking::snapshot& now) {
        return (looking::waits_for(now, "one", "barrier") && looking::waits_for(now, "other", "lock")) ||
               (looking::waits_for(now, "one", "lock") && looking::waits_for(now, "other", "barrier"));
    }));
    // This process has a handle, and may come instead of the other one.
    CHECK(by->look({}).cycles.empty());
    one.kill();
    other.kill();
    co_await one.join();
    co_await other.join();
}

task<> joins_both(troupe::mutex lock, troupe::barrier all) {
    auto one = co_await troupe::spawn<locks_then_comes>({.name = "one"}, lock, all);
    auto other = co_await troupe::spawn<locks_then_comes>({.name = "other"}, lock, all);
    co_await one.join();
    co_await other.join();
}

// All that have a handle wait for each other.
task<> never_meet() {
    auto parent = co_await troupe::spawn<joins_both>({.name = "parent"}, troupe::mutex(), troupe::barrier(2));
    const auto seen = co_await looking::until(looking::at_ourselves(), {}, has_cycle);
    for (const auto& cycle : seen.cycles) CHECK(cycle.deadlock);
    parent.kill();
    co_await parent.join();
}

task<> comes(troupe::barrier all) { co_await all.arrive_and_wait(); }
task<> comes_when_told(troupe::barrier all, troupe::event told) {
    co_await told.wait();
    co_await all.arrive_and_wait();
}
task<> joins(troupe::barrier all, troupe::event told) {
    auto one = co_await troupe::spawn<comes>({.name = "one"}, all);
    auto other = co_await troupe::spawn<comes_when_told>({.name = "other"}, all, told);
    co_await one.join();
    co_await other.join();
}

// The parent has a handle, and waits for those that come: that is no circle while somebody else can come.
task<> join_those_that_meet() {
    const troupe::barrier all(2);
    const troupe::event told;
    auto parent = co_await troupe::spawn<joins>({.name = "parent"}, all, told);
    const auto seen = co_await looking::until(looking::at_ourselves(), {}, [](const looking::snapshot& now) {
        return looking::waits_for(now, "one", "barrier") && looking::waits_for(now, "other", "event") &&
               looking::waits_for(now, "parent", "end");
    });
    CHECK(seen.cycles.empty());
    told.set();
    co_await parent.join();
}

}  // namespace

TEST_CASE("wait graph: so are two that have a lock each, and want the other's") { watched(lock_across()); }
TEST_CASE("wait graph: so are one with a permit and one with a lock that want each other's") {
    watched(wait_for_a_permit_and_a_lock());
}
TEST_CASE("wait graph: so are those that wait at a barrier for one that waits for them") { watched(never_meet()); }
TEST_CASE("wait graph: who waits at a barrier is in no cycle while somebody else may come") {
    watched(wait_at_a_barrier_with_a_lock());
    watched(join_those_that_meet());
}
TEST_CASE("wait graph: two that ask each other are a cycle that never ends") { watched(names_a_circle_of(2)); }
TEST_CASE("wait graph: so are five in a circle") { watched(names_a_circle_of(5)); }
TEST_CASE("wait graph: so are two that wait for room in each other's mailboxes") { watched(fill_each_other()); }
TEST_CASE("wait graph: a cycle with a deadline may end, and is gone when one of its actors is") {
    watched(dissolves());
}
TEST_CASE("wait graph: an actor that receives waits for nobody") { watched(receives_meanwhile()); }
