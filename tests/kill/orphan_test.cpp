// No orphan survives: neither the program, however it ends, nor any actor, leaves a process behind.
#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/family.hpp"

using namespace std::chrono_literals;
using killing::family;
using killing::lines_with;

namespace {

// --- the children of an actor

void spin_for_ever() {
    for (volatile unsigned turns = 0;;) turns = turns + 1;
}

troupe::task<> wait_for_ever() { co_await troupe::sleep_for(24h); }

using references = troupe::queue<troupe::actor<>>;

troupe::task<> be_child(references told) {
    co_await told.put(co_await troupe::spawn<&spin_for_ever>());
    co_await told.put(co_await troupe::spawn<&wait_for_ever>());
    co_await wait_for_ever();
}

troupe::task<> be_parent(references told) {
    co_await told.put(co_await troupe::spawn<&be_child>(told));
    co_await told.put(co_await troupe::spawn<&spin_for_ever>());
    co_await wait_for_ever();
}

troupe::task<> kill_a_parent() {
    references told;
    auto parent = co_await troupe::spawn<&be_parent>(told);
    std::vector<troupe::actor<>> below;
    for (int i = 0; i < 4; ++i) below.push_back((co_await told.get()).value());
    parent.kill();
    for (const auto& one : below) {
        const auto end = co_await one.join();
        CHECK(end.signaled());
    }
    const auto end = co_await parent.join();
    CHECK(end.code() == -SIGKILL);
}

}  // namespace

TEST_CASE("orphans: kill -9 of the program leaves no process, not even one in a busy loop, nor a grandchild") {
    family doomed("busy");
    REQUIRE_THAT(doomed.read_to("ready"), checks::contains("ready"));
    CHECK(doomed.meet() >= 6);
    doomed.signal(SIGKILL);
    CHECK(doomed.end() == -SIGKILL);
    CHECK(doomed.nobody_is_left());
}

TEST_CASE("orphans: kill -9 of the program while it starts actors leaves no process") {
    for (int round = 0; round < 10; ++round) {
        family doomed("starting");
        REQUIRE_THAT(doomed.read_to("ready"), checks::contains("ready"));
        doomed.meet();
        doomed.signal(SIGKILL);
        CHECK(doomed.end() == -SIGKILL);
        CHECK(doomed.nobody_is_left());
    }
}

TEST_CASE("orphans: kill -9 of the program in the middle of a map leaves no worker") {
    for (int round = 0; round < 10; ++round) {
        family doomed("mapping");
        REQUIRE_THAT(doomed.read_to("ready"), checks::contains("ready"));
        CHECK(doomed.meet() >= 2);
        doomed.signal(SIGKILL);
        CHECK(doomed.end() == -SIGKILL);
        CHECK(doomed.nobody_is_left());
    }
}

TEST_CASE("orphans: a program that ends by itself ends those in a busy loop too") {
    family doomed("returning");
    REQUIRE_THAT(doomed.read_to("ready"), checks::contains("ready"));
    doomed.meet();
    doomed.signal(SIGTERM);
    CHECK(doomed.end() == -SIGTERM);
    CHECK(doomed.nobody_is_left());
}

TEST_CASE("orphans: an actor that changed its user, its session, its signals or its parent-death signal ends too") {
    family doomed("changed");
    REQUIRE_THAT(doomed.read_to("ready"), checks::contains("ready"));
    CHECK(doomed.meet() >= 3);
    doomed.signal(SIGKILL);
    CHECK(doomed.end() == -SIGKILL);
    CHECK(doomed.nobody_is_left());
}

TEST_CASE("orphans: what has not ended within end_budget is named and killed") {
    family slow("stubborn");
    CHECK_THAT(slow.read_to("is killed"), checks::contains("actor 'stubborn' (pid "));
    slow.meet();
    CHECK(slow.end() == 0);
    CHECK(slow.nobody_is_left());
}

TEST_CASE("orphans: time for which the whole program was stopped does not count for end_budget") {
    family slow("slow");
    CHECK_THAT(slow.read_to("ending"), checks::contains("ending"));
    slow.signal_group(SIGSTOP);
    std::this_thread::sleep_for(5s);
    slow.signal_group(SIGCONT);
    const std::string printed = slow.read_to("ended by itself");
    CHECK_THAT(printed, checks::contains("ended by itself"));
    CHECK(lines_with(printed, "is killed") == 0);
    CHECK(slow.end() == 0);
}

TEST_CASE("orphans: Ctrl-C makes one orderly stop: every actor unwinds once, and the program dies of SIGINT") {
    family stopped("orderly");
    REQUIRE_THAT(stopped.read_to("ready"), checks::contains("ready"));
    CHECK(stopped.meet() >= 3);
    stopped.press_control_c();
    const std::string printed = stopped.read_to("program unwound");
    CHECK(stopped.end() == -SIGINT);
    CHECK(stopped.nobody_is_left());
    CHECK(lines_with(stopped.read_to("never printed"), "actor unwound") == 3);
    CHECK(lines_with(printed, "program unwound") == 1);
}

TEST_CASE(
    "orphans: Ctrl-C in the middle of a map ends the workers with their pool's owner, and none of them complains") {
    family stopped("mapping");
    REQUIRE_THAT(stopped.read_to("ready"), checks::contains("ready"));
    CHECK(stopped.meet() >= 2);
    stopped.press_control_c();
    stopped.read_to("the pool's owner unwound");
    CHECK(stopped.end() == -SIGINT);
    CHECK(stopped.nobody_is_left());
    const std::string printed = stopped.read_to("never printed");
    CHECK(lines_with(printed, "the pool's owner unwound") == 1);
    CHECK(lines_with(printed, "worker") == 0);
    CHECK(lines_with(printed, "exception") == 0);
}

TEST_CASE("orphans: kill -9 of an actor ends its children and their children, in a busy loop or not") {
    troupe::sync_wait(troupe::with_timeout(20s, kill_a_parent()));
}
