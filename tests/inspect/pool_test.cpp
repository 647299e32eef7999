// What is seen of pools from outside: their tasks by function, and why workers were replaced.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "inspect/looking.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::task;
using troupe::inspect::pool_row;
using troupe::inspect::task_row;

int square(int n) {
    if (n < 0) throw std::runtime_error("negative");
    return n * n;
}
int crash(int) {
    std::raise(SIGSEGV);
    return 0;
}
task<int> never(int) {
    co_await troupe::sleep_for(24h);
    co_return 0;
}

const task_row* tasks_of(const looking::snapshot& seen, const std::string& function) {
    if (seen.pools.size() != 1) return nullptr;
    const auto& all = seen.pools.front().functions;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.function.ends_with(function); });
    return found == all.end() ? nullptr : &*found;
}

template <class Holds>
task<looking::snapshot> seen_when(Holds holds) {
    co_return co_await looking::until(looking::at_ourselves(), {.pools = true, .graph = false}, holds);
}

task<> counts_by_function() {
    troupe::pool crew({.workers = 2, .worker = {.name = "crew"}});
    const std::vector<int> numbers{1, 2, 3, -1, -2};
    auto squares = crew.map<&square>(numbers);
    while (co_await squares.next()) {
    }
    std::vector<int> long_ones(5);
    auto others = crew.map<&never>(long_ones);
    const auto seen = co_await seen_when([](const looking::snapshot& now) {
        const task_row* const endless = tasks_of(now, "never");
        return endless != nullptr && endless->running == 2 && endless->waiting == 3;
    });
    const pool_row& row = seen.pools.front();
    CHECK(row.counted);
    CHECK(row.name == "crew");
    CHECK(row.owner == seen.actors.front().id);
    CHECK(row.workers.size() == 2);
    CHECK(row.running == 2);
    CHECK(row.done == 3);
    CHECK(row.failed == 2);
    CHECK(row.waiting == 3);
    CHECK(row.replaced == 0);
    CHECK(row.last_lost.empty());
    const task_row* const squared = tasks_of(seen, "square");
    REQUIRE(squared != nullptr);
    CHECK(squared->done == 3);
    CHECK(squared->failed == 2);
    CHECK(squared->waiting == 0);
    CHECK(squared->running == 0);
}

task<> says_why_workers_were_replaced() {
    troupe::pool crew({.workers = 1, .tasks_per_worker = 2, .worker = {.name = "crew"}});
    const std::vector<int> numbers{1, 2};
    co_await crew.map<&square>(numbers).collect();
    const auto retired = co_await seen_when(
        [](const looking::snapshot& now) { return now.pools.size() == 1 && now.pools.front().replaced == 1; });
    CHECK(retired.pools.front().retired == 1);
    CHECK(retired.pools.front().last_lost.empty());
    CHECK_THROWS_AS(co_await crew.run<&crash>(1), troupe::actor_died);
    const auto lost = co_await seen_when(
        [](const looking::snapshot& now) { return now.pools.size() == 1 && now.pools.front().replaced == 2; });
    CHECK(lost.pools.front().retired == 1);
    CHECK(lost.pools.front().last_lost.find("signal 11") != std::string::npos);
    CHECK(lost.pools.front().failed == 1);
}

task<> tells_two_apart() {
    troupe::pool one({.workers = 1});
    troupe::pool other({.workers = 2});
    const auto seen = co_await seen_when([](const looking::snapshot& now) {
        return now.pools.size() == 2 && now.pools[0].workers.size() + now.pools[1].workers.size() == 3 &&
               now.pools[0].workers.size() != 0 && now.pools[1].workers.size() != 0;
    });
    CHECK(seen.pools[0].name == "worker");
    CHECK(seen.pools[1].name == "worker");
}

task<> is_gone_with_its_pool() {
    {
        troupe::pool crew({.workers = 1});
        static_cast<void>(co_await seen_when([](const looking::snapshot& now) { return now.pools.size() == 1; }));
        co_await crew.close();
    }
    static_cast<void>(co_await seen_when([](const looking::snapshot& now) { return now.pools.empty(); }));
}

}  // namespace

TEST_CASE("pools: tasks are counted by function, as they wait, run, are done or have failed") {
    watched(counts_by_function());
}
TEST_CASE("pools: workers that were replaced are counted, and how the last one ended is told") {
    watched(says_why_workers_were_replaced());
}
TEST_CASE("pools: two pools of one actor are told apart, whatever their names") { watched(tells_two_apart()); }
TEST_CASE("pools: one that was closed is not shown any more") { watched(is_gone_with_its_pool()); }
