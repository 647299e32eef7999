// Actors and those they spawn: who is whose, and how a family ends.
#include <chrono>
#include <csignal>
#include <string>

#include <sys/stat.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::queue;
using troupe::spawn;
using troupe::start_method;
using troupe::task;

task<> wait_for_end(troupe::mailbox<int> inbox) {
    while (co_await inbox.receive()) {
    }
}
task<> sleep_long(queue<std::string> told) {
    co_await told.put("sleeps");
    co_await troupe::sleep_for(1h);
}
task<> gather(troupe::mailbox<int> inbox, queue<int> sums) {
    int sum = 0;
    while (auto number = co_await inbox.receive()) sum += *number;
    co_await sums.put(sum);
}

// --- who is whose

task<> tell_parent(queue<int> told) {
    co_await told.put(troupe::this_actor::parent_pid());
    co_await told.put(troupe::this_actor::pid());
}
task<int> count_children() {
    const auto a = co_await spawn<wait_for_end>();
    const auto b = co_await spawn<wait_for_end>();
    const auto two = troupe::this_actor::children();
    a.kill();
    co_await a.join();
    const auto one = troupe::this_actor::children();
    co_return two.size() == 2 && one.size() == 1 && one[0] == troupe::actor<>(b) ? 1 : 0;
}
task<> facts_about_one() {
    const auto before = troupe::this_actor::children().size();
    const auto one = co_await spawn<wait_for_end>({.name = "facts"});
    REQUIRE(one.name() == "facts");
    REQUIRE(one.alive());
    REQUIRE(::kill(one.pid(), 0) == 0);
    REQUIRE(troupe::this_actor::children().size() == before + 1);
    one.stop();
    co_await one.join();
    REQUIRE_FALSE(one.alive());
    REQUIRE(one.pid() == 0);
    REQUIRE(troupe::this_actor::children().size() == before);
}
task<std::pair<int, int>> parent_told_by_child() {
    queue<int> told;
    const auto one = co_await spawn<tell_parent>(told);
    const int pid = one.pid();
    const int parent = *co_await told.get();
    const bool same = *co_await told.get() == pid;
    co_await one.join();
    co_return std::pair(parent, same || pid == 0 ? 1 : 0);
}

// --- generations

task<int> grandparent(int generations) {
    if (generations == 0) co_return 1;
    const auto child = co_await spawn<grandparent>(generations - 1);
    co_return 1 + (co_await child.join()).code();
}
task<int> spawn_by_all_methods() {
    int sum = 0;
    for (const auto method : {start_method::spawn, start_method::forkserver, start_method::fork}) {
        const auto child = co_await spawn<grandparent>({.method = method}, 1);
        sum += (co_await child.join()).code();
    }
    co_return sum;
}
template <auto Fn, class... Args>
task<int> code_of(Args... args) {
    const auto one = co_await spawn<Fn>(std::move(args)...);
    const troupe::exit_status end = co_await one.join();
    co_return end.code();
}

// --- ends

task<> leave_work_behind(queue<int> sums) {
    const auto child = co_await spawn<gather>(sums);
    for (const int number : {1, 2, 3}) co_await child.send(number);
    co_await spawn<gather>(sums);
}
task<> leave_daemon_behind(queue<std::string> told) {
    co_await spawn<sleep_long>({.daemon = true}, told);
    co_await told.get();
}
task<> leave_child_and_throw(queue<int> pids) {
    const auto child = co_await spawn<wait_for_end>();
    co_await pids.put(child.pid());
    throw std::runtime_error("leaves");
}
task<> parent_of_sleeper(queue<troupe::actor<>> born, queue<std::string> told) {
    const auto child = co_await spawn<sleep_long>(told);
    co_await born.put(child);
    co_await child.join();
}

task<int> sum_left_behind() {
    queue<int> sums;
    const auto one = co_await spawn<leave_work_behind>(sums);
    co_await one.join();
    co_return *sums.try_get() + *sums.try_get();
}
task<int> end_beside_daemon() {
    queue<std::string> told;
    co_return co_await code_of<leave_daemon_behind>(told);
}
task<bool> child_is_gone_with_thrower() {
    queue<int> pids;
    const auto one = co_await spawn<leave_child_and_throw>(pids);
    const troupe::exit_status status = co_await one.join();
    const int pid = *co_await pids.get();
    while (::kill(pid, 0) == 0) co_await troupe::sleep_for(1ms);  // collected a moment after it was told
    co_return status.code() == 1 && status.exception_text() == "leaves";
}
task<int> child_of_killed() {
    queue<troupe::actor<>> born;
    queue<std::string> told;
    const auto one = co_await spawn<parent_of_sleeper>(born, told);
    const auto child = *co_await born.get();
    co_await told.get();
    one.kill();
    co_await one.join();
    co_return (co_await child.join()).signal();
}

}  // namespace

TEST_CASE("this actor: the program is called program, and has no parent") {
    CHECK(troupe::this_actor::name() == "program");
    CHECK(troupe::this_actor::pid() == getpid());
    CHECK(troupe::this_actor::parent_pid() == 0);
    CHECK_FALSE(troupe::this_actor::stop_requested());
    CHECK(troupe::usable_cpus() >= 1);
}

TEST_CASE("this actor: a child knows its parent, and its own pid is the one its reference gives") {
    const auto [parent, same] = watched(parent_told_by_child());
    CHECK(parent == getpid());
    CHECK(same == 1);
}

TEST_CASE("this actor: children are those that still live") { CHECK(watched(code_of<count_children>()) == 1); }

TEST_CASE("a reference: name, pid and life of its actor") { watched(facts_about_one()); }

TEST_CASE("an actor spawns actors, which spawn actors") { CHECK(watched(code_of<grandparent>(5)) == 6); }

TEST_CASE("an actor may spawn by any method, however it was started itself") {
    CHECK(watched(code_of<spawn_by_all_methods>()) == 6);
    for (const auto method : {start_method::spawn, start_method::forkserver, start_method::fork}) {
        CHECK(watched(code_of<spawn_by_all_methods>(troupe::spawn_options{.method = method})) == 6);
    }
}

TEST_CASE("the end of a parent: its children read out their mailboxes and are joined") {
    CHECK(watched(sum_left_behind()) == 6);
}

TEST_CASE("the end of a parent: daemons are ended and not awaited") { CHECK(watched(end_beside_daemon()) == 0); }

TEST_CASE("the end of a parent: an exception ends its children too") { CHECK(watched(child_is_gone_with_thrower())); }

TEST_CASE("the end of a parent: when it is killed its children are terminated") {
    CHECK(watched(child_of_killed()) == SIGTERM);
}
