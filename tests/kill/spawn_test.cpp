// Starting actors while one of those who take part is killed: the child, the spawner, the forkserver.
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <troupe/troupe.hpp>

#include "kill/warrant.hpp"

using namespace std::chrono_literals;

namespace {

bool by_forkserver() {
    const char* method = std::getenv("TROUPE_START_METHOD");
    return method == nullptr || std::string_view(method) == "forkserver";
}

// --- the child

int add(int a, int b, std::vector<char> ballast) { return a + b + static_cast<int>(ballast.size()) - 10'000; }

// A start ends with a reference, or with spawn_failed when the child died before it got to its function.
troupe::task<troupe::exit_status> start_one() {
    try {
        auto child = co_await troupe::spawn<&add>(20, 22, std::vector<char>(10'000));
        const auto end = co_await child.join();
        if (killing::place_of_death().empty()) {
            CHECK(end.code() == 42);
            co_return troupe::exit_status::from_exit(0);
        }
        co_return end;
    } catch (const troupe::spawn_failed& failure) {
        CHECK_THAT(failure.what(), Catch::Contains("signal 9") && Catch::Contains("before it reached its function"));
        co_return troupe::exit_status::from_signal(SIGKILL, false);
    }
}

// --- the spawner

void do_nothing() {}

troupe::task<> wait_for_ever(troupe::mailbox<int> box) {
    while (co_await box.receive()) {
    }
}

troupe::task<> start_two() {
    killing::take_warrant();
    auto quick = co_await troupe::spawn<&do_nothing>();
    auto slow = co_await troupe::spawn<&wait_for_ever>();
    co_await quick.join();
    slow.stop();
    co_await slow.join();
}

troupe::task<troupe::exit_status> start_a_spawner() {
    co_return co_await (co_await troupe::spawn<&start_two>()).join();
}

// --- the forkserver

troupe::task<> start_in_a_row(int how_many) {
    for (int i = 0; i < how_many; ++i) {
        auto child = co_await troupe::spawn<&add>(i, 1, std::vector<char>(10'000));
        const auto end = co_await child.join();
        CHECK(end.code() == i + 1);
    }
}

troupe::task<> outlive_the_forkserver() {
    auto elder = co_await troupe::spawn<&wait_for_ever>();
    co_await start_in_a_row(3);
    CHECK(elder.alive());
    co_await elder.send(1);
    elder.stop();
    const auto end = co_await elder.join();
    CHECK(end.success());
}

}  // namespace

TEST_CASE("spawn: a child killed at any step before its function is reported, and after it has its exit status") {
    CHECK(killing::never_died_at({"block: released", "child: about to begin", "child: about to end"}, &start_one,
                                 killing::victim::next_child) == "");
}

TEST_CASE("spawn: a spawner killed at any step leaves no child behind") {
    CHECK(killing::never_died_at({"process: slot claimed", "channel: claimed", "channel: has a ring",
                                  "spawn: mailbox made", "block: taken", "parcel: packed"},
                                 &start_a_spawner) == "");
}

TEST_CASE("spawn: a spawner killed right after it made the process leaves no child behind") {
    if (by_forkserver()) return;  // there the forkserver makes it
    killing::sign_warrant(killing::victim::itself, 1, "spawn: process made");
    const auto end = troupe::sync_wait(troupe::with_timeout(20s, start_a_spawner()));
    CHECK(end.code() == -SIGKILL);
    killing::withdraw_warrant();
}

TEST_CASE("forkserver: killed at any step it is started again, and every start that was asked for happens once") {
    if (!by_forkserver()) return;
    const std::string step = GENERATE("forkserver: request taken", "forkserver: cloned");
    const int nth = GENERATE(1, 2, 3);
    killing::sign_warrant(killing::victim::forkserver, nth, step);
    troupe::sync_wait(troupe::with_timeout(20s, outlive_the_forkserver()));
    CHECK(killing::place_of_death() == step);
    killing::withdraw_warrant();
}
