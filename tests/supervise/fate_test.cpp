// Monitors, links, and handlers that take too long.
#include "catch.hpp"
#include "supervise/team.hpp"
#include "watched.hpp"

using namespace team;

namespace {

int give(int code) { return code; }
troupe::task<> wait_for_end(troupe::mailbox<int> inbox) {
    while (co_await inbox.receive()) {
    }
}

struct watch_it {
    using reply = bool;
    troupe::actor<> who;
};
struct forget_it {
    using reply = bool;
    troupe::actor<> who;
};

// Reports every `down` it gets, in its turn among other messages.
troupe::task<> observer(troupe::mailbox<troupe::down, watch_it, forget_it> inbox, troupe::queue<int> seen) {
    co_await inbox.serve([&](troupe::down m) -> troupe::task<> { co_await seen.put(m.status.code()); },
                         [&](watch_it m) {
                             inbox.monitor(m.who);
                             return true;
                         },
                         [&](forget_it m) { return inbox.unmonitor(m.who); });
}

troupe::task<> told_once() {
    troupe::queue<int> seen;
    auto eye = co_await troupe::spawn<observer>(seen);
    auto one = co_await troupe::spawn<wait_for_end>();
    auto two = co_await troupe::spawn<give>(7);
    co_await two.join();
    co_await eye.ask(watch_it{two});  // long dead
    auto seen_item = co_await troupe::with_timeout(20s, seen.get());
    CHECK(seen_item == 7);
    co_await eye.ask(watch_it{one});
    one.kill();
    seen_item = co_await troupe::with_timeout(20s, seen.get());
    CHECK(seen_item == -SIGKILL);
    const auto eye_answer = co_await eye.ask(forget_it{one});
    CHECK_FALSE(eye_answer);
    CHECK(seen.size() == 0);
    eye.stop();
    co_await eye.join();
}

troupe::task<> taken_back() {
    troupe::queue<int> seen;
    auto eye = co_await troupe::spawn<observer>(seen);
    auto one = co_await troupe::spawn<wait_for_end>();
    co_await eye.ask(watch_it{one});
    auto eye_answer = co_await eye.ask(forget_it{one});
    CHECK(eye_answer);
    one.kill();
    co_await one.join();
    eye_answer = co_await eye.ask(forget_it{one});
    CHECK_FALSE(eye_answer);
    eye.stop();
    co_await eye.join();
    CHECK(seen.size() == 0);
}

// Monitors a thousand ends with a mailbox that is full.
troupe::task<int> count_ends(troupe::mailbox<troupe::down, std::vector<char>> inbox, std::vector<troupe::actor<>> all,
                             troupe::queue<int> ready) {
    for (const auto& one : all) inbox.monitor(one);
    co_await ready.put(1);
    std::size_t ends = 0;
    while (ends < all.size()) {
        co_await inbox.receive<troupe::down>();
        ++ends;
    }
    co_return static_cast<int>(ends);
}

troupe::task<> not_lost_when_full() {
    std::vector<troupe::actor<>> all;
    for (int i = 0; i < 20; ++i) all.push_back(co_await troupe::spawn<wait_for_end>());
    troupe::queue<int> ready;
    auto eye = co_await troupe::spawn<count_ends>({.mailbox = 64 << 10}, all, ready);
    co_await ready.get();
    const std::vector<char> filling(1000);
    while (eye.try_send(filling) == troupe::send_result::sent) {
    }
    for (const auto& one : all) one.kill();
    const auto eye_status = co_await troupe::with_timeout(20s, eye.join());
    CHECK(eye_status.code() == 20);
}

troupe::task<> supervised_one_has_not_ended() {
    troupe::queue<int> seen;
    troupe::supervisor crew;
    auto one = co_await crew.spawn<worker>({});
    auto eye = co_await troupe::spawn<observer>(seen);
    co_await eye.ask(watch_it{one});
    one.kill();
    const auto one_restarted = co_await becomes(one, 1);
    CHECK(one_restarted);
    CHECK(seen.size() == 0);
    co_await crew.stop();
    const auto seen_item = co_await troupe::with_timeout(20s, seen.get());
    CHECK(seen_item == 0);
    eye.stop();
    co_await eye.join();
}

troupe::task<> linked_to(troupe::mailbox<int> inbox, troupe::actor<> other, troupe::queue<int> ready, bool unlinks) {
    troupe::this_actor::link(other);
    if (unlinks) troupe::this_actor::unlink(other);
    co_await ready.put(1);
    while (co_await inbox.receive()) {
    }
}

enum class way { other_crashes, it_crashes, other_returns, other_is_dead, unlinked };

troupe::task<std::pair<int, int>> ends_of_linked(way how) {
    troupe::queue<int> ready;
    auto other = co_await troupe::spawn<wait_for_end>();
    if (how == way::other_is_dead) {
        other.kill();
        co_await other.join();
    }
    auto one = co_await troupe::spawn<linked_to>(other, ready, how == way::unlinked);
    if (how != way::other_is_dead) co_await ready.get();
    if (how == way::other_crashes || how == way::unlinked) other.kill();
    if (how == way::it_crashes) one.kill();
    if (how == way::other_returns) other.stop();
    if (how == way::unlinked || how == way::other_returns) {
        co_await other.join();
        one.stop();
    }
    const auto both = std::pair((co_await one.join()).code(), (co_await other.join()).code());
    co_return both;
}

troupe::task<> killed_in_one_instant() {
    troupe::queue<int> ready;
    auto other = co_await troupe::spawn<wait_for_end>();
    auto one = co_await troupe::spawn<linked_to>(other, ready, false);
    co_await ready.get();
    one.kill();
    other.kill();
    const auto one_status = co_await one.join();
    CHECK(one_status.signal() == SIGKILL);
    const int theirs = (co_await other.join()).signal();
    CHECK((theirs == SIGKILL || theirs == SIGTERM));
}

// --- linked from birth

void crash_at_birth() { raise(SIGKILL); }
void return_at_birth() {}

troupe::task<int> parent_of_linked(bool crashes) {
    if (crashes) {
        co_await troupe::spawn<crash_at_birth>({.linked = true});
        co_await troupe::sleep_for(24h);
    }
    co_await (co_await troupe::spawn<return_at_birth>({.linked = true})).join();
    bool refused = false;
    try {
        co_await troupe::spawn<return_at_birth>({.linked = true, .directory = "/not/there"});
    } catch (const troupe::spawn_failed&) {
        refused = true;
    }
    auto child = co_await troupe::spawn<wait_for_end>({.linked = true});
    troupe::this_actor::unlink(child);
    child.kill();
    co_await child.join();
    co_return refused ? 0 : 1;
}

troupe::task<> linked_from_birth() {
    const auto unlucky = co_await troupe::spawn<parent_of_linked>(true);
    const auto unlucky_status = co_await unlucky.join();
    CHECK(unlucky_status.signal() == SIGTERM);
    const auto lucky = co_await troupe::spawn<parent_of_linked>(false);
    const auto lucky_status = co_await lucky.join();
    CHECK(lucky_status.code() == 0);
}

troupe::task<> parent_ends(troupe::mailbox<int> inbox, troupe::queue<troupe::actor<>> told) {
    co_await told.put(co_await troupe::spawn<wait_for_end>({.daemon = true, .linked = true}));
    co_await inbox.receive();
}

troupe::task<> other_way_round() {
    troupe::queue<troupe::actor<>> told;
    auto parent = co_await troupe::spawn<parent_ends>(told);
    const auto child = *co_await told.get();
    parent.kill();
    const auto child_status = co_await child.join();
    CHECK(child_status.signal() == SIGTERM);
    co_await parent.join();
}

// Its second incarnation crashes at birth.
void crash_when_again() {
    if (troupe::this_actor::incarnation() == 1) raise(SIGKILL);
    if (troupe::this_actor::incarnation() == 0) _exit(0);
}

troupe::task<> owner_of_linked() {
    troupe::supervisor crew({.back_off = std::chrono::nanoseconds(0)});
    co_await crew.spawn<crash_when_again>({.linked = true});
    co_await troupe::sleep_for(24h);
}

troupe::task<> linked_again() {
    const auto owner = co_await troupe::spawn<owner_of_linked>();
    const auto owner_status = co_await owner.join();
    CHECK(owner_status.signal() == SIGTERM);
}

struct hang {
    using reply = int;
    int how = 0;
};
enum { in_a_loop, stopped, in_a_call, awaiting };

template <class Reference>
troupe::task<troupe::exit_status> end_while_asked(Reference one, hang m) {
    try {
        co_await troupe::with_timeout(20s, one.ask(m));
    } catch (const troupe::actor_died& death) {
        co_return death.status();
    }
    co_return troupe::exit_status();
}

troupe::task<> slow_handler(troupe::mailbox<hang, incarnation> inbox) {
    co_await inbox.serve(
        [](hang m) -> troupe::task<int> {
            for (volatile bool for_ever = true; m.how == in_a_loop && for_ever;) {
            }
            if (m.how == stopped) raise(SIGSTOP);
            for (; m.how == in_a_call;) pause();
            if (m.how == awaiting) co_await troupe::sleep_for(24h);
            co_return m.how;
        },
        [](incarnation) { return troupe::this_actor::incarnation(); });
}

troupe::task<> hangs_are_ended(int how) {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<slow_handler>({.name = "slow", .message_deadline = 100ms});
    const auto one_answer = co_await one.ask(hang{-1}, 20s);
    CHECK(one_answer == -1);
    const auto end = co_await end_while_asked(one, hang{how});
    CHECK(end.signal() == SIGKILL);
    CHECK(end.hung());
    CHECK_FALSE(end.stack().empty());
    const auto one_restarted = co_await becomes(one, 1);
    CHECK(one_restarted);
    co_await crew.stop();
}

// --- what is said of an end after the next start

struct crew_wanted {
    using reply = troupe::actor<hang, incarnation>;
};

troupe::task<> foreman(troupe::mailbox<crew_wanted> inbox) {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<slow_handler>({.name = "slow", .message_deadline = 100ms});
    co_await inbox.serve([&](crew_wanted) { return one; });
}

troupe::task<> told_late() {
    auto manager = co_await troupe::spawn<foreman>();
    const auto one = co_await manager.ask(crew_wanted{}, 20s);
    const pid_t first = one.pid();
    troupe::exit_status end;
    co_await troupe::task_group::run([&](troupe::task_group& group) -> troupe::task<> {
        group.start([](auto who, auto* told) -> troupe::task<> {
            *told = co_await end_while_asked(who, hang{in_a_loop});
        }(one, &end));
        co_await troupe::yield();
        // This process hears nothing until there is another incarnation.
        while (one.pid() == first || one.pid() == 0) sched_yield();
        co_await group.join();
    });
    CHECK(end.hung());
    CHECK(end.restarts() == 0);
    CHECK_THAT(end.message_type(), checks::contains("hang"));
    manager.stop();
    const auto manager_status = co_await manager.join();
    CHECK(manager_status.success());
}

troupe::task<> idle_is_no_hang() {
    auto one = co_await troupe::spawn<slow_handler>({.name = "idle", .message_deadline = 20ms});
    co_await troupe::sleep_for(100ms);  // what is shown: five deadlines without a message
    const auto one_answer = co_await one.ask(hang{-1}, 20s);
    CHECK(one_answer == -1);
    one.stop();
    const auto one_status = co_await one.join();
    CHECK(one_status.success());
}

}  // namespace

TEST_CASE("monitor: the end of an actor comes as a message, exactly once, also when it is long dead") {
    watched(told_once());
}
TEST_CASE("monitor: taken back, nothing comes") { watched(taken_back()); }
TEST_CASE("monitor: no end is lost because the mailbox is full") { watched(not_lost_when_full()); }
TEST_CASE("monitor: an actor that its supervisor starts again has not ended") {
    watched(supervised_one_has_not_ended());
}

TEST_CASE("link: when one of two linked actors crashes, the other is terminated") {
    CHECK(watched(ends_of_linked(way::other_crashes)) == std::pair(-SIGTERM, -SIGKILL));
    CHECK(watched(ends_of_linked(way::it_crashes)) == std::pair(-SIGKILL, -SIGTERM));
    CHECK(watched(ends_of_linked(way::other_is_dead)) == std::pair(-SIGTERM, -SIGKILL));
}
TEST_CASE("link: an actor that returns 0 harms nobody, nor does one that is linked no more") {
    CHECK(watched(ends_of_linked(way::other_returns)) == std::pair(0, 0));
    CHECK(watched(ends_of_linked(way::unlinked)) == std::pair(0, -SIGKILL));
}
TEST_CASE("link: two linked actors that are killed in one instant both end") { watched(killed_in_one_instant()); }

TEST_CASE("linked: a child is tied to its parent from birth; a start that fails, or a return, ends nobody") {
    watched(linked_from_birth());
}
TEST_CASE("linked: it holds the other way round") { watched(other_way_round()); }
TEST_CASE("linked: a child that is started again is linked again") { watched(linked_again()); }

TEST_CASE("deadline: a handler in a loop, stopped, in a system call or awaiting is ended when it takes too long") {
    watched(hangs_are_ended(GENERATE(int{in_a_loop}, int{stopped}, int{in_a_call}, int{awaiting})));
}
TEST_CASE("deadline: how an actor ended is said of that end, also after the next start") { watched(told_late()); }
TEST_CASE("deadline: an actor without a message does not exceed it") { watched(idle_is_no_hang()); }
