// Pools whose worker, or whose owner, is killed at every step: each task has one outcome, only the one in hand is lost,
// and nothing is left behind.
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/warrant.hpp"

namespace {

using troupe::exit_status;
using troupe::pool;
using troupe::task;

constexpr int items = 6;

int twice(int n) {
    killing::note(n + 1);
    return 2 * n;
}
std::string long_text(int n) { return std::string(n % 2 == 0 ? 100'000 : 10, static_cast<char>('a' + n)); }

struct lent {
    int number = 0;
    troupe::buffer bytes;
    troupe::queue<int> proof;
};
lent give_back(lent got) {
    if (got.bytes.size() != 5000 || got.proof.try_get() != got.number) throw std::logic_error("damaged");
    got.proof.try_put(got.number);
    return got;
}

exit_status how_it_went() {
    const bool died = !killing::place_of_death().empty();
    killing::withdraw_warrant();
    return died ? exit_status::from_signal(SIGKILL, false) : exit_status::from_exit(0);
}

// --- a worker

template <auto Fn, class Whole>
task<> map_and_count(pool& crew, Whole whole) {
    std::vector<int> inputs;
    for (int i = 0; i < items; ++i) inputs.push_back(i);
    auto results = crew.map<Fn>(inputs);
    int next = 0, failed = 0;
    while (auto one = co_await results.next()) {
        CHECK(one->index() == static_cast<std::size_t>(next));
        if (one->ok()) {
            CHECK(whole(next, one->value()));
        } else {
            CHECK(one->status().value_or(exit_status()).signal() == SIGKILL);
            ++failed;
        }
        ++next;
    }
    INFO("died at " << killing::place_of_death());
    CHECK(next == items);
    CHECK(failed <= (killing::place_of_death().empty() ? 0 : 1));
}

task<exit_status> worker_killed_at_small_tasks() {
    pool crew({.workers = 1, .prepare = troupe::deferred<&killing::take_warrant>()});
    co_await map_and_count<&twice>(crew, [](int n, int found) { return found == 2 * n; });
    co_await crew.close();
    co_return how_it_went();
}

task<exit_status> worker_killed_at_large_results() {
    pool crew({.workers = 1, .prepare = troupe::deferred<&killing::take_warrant>()});
    co_await map_and_count<&long_text>(crew, [](int n, const std::string& found) { return found == long_text(n); });
    co_await crew.close();
    co_return how_it_went();
}

task<exit_status> worker_killed_with_handles() {
    pool crew({.workers = 1, .prepare = troupe::deferred<&killing::take_warrant>()});
    int failed = 0;
    for (int i = 0; i < 2; ++i) {
        lent next{i, troupe::buffer(5000), {}};
        next.proof.try_put(i);
        const auto back = co_await troupe::outcome_of(crew.run<&give_back>(std::move(next)));
        if (back.ok()) {
            CHECK(back.value().bytes.size() == 5000);
            CHECK(back.value().proof.try_get() == i);
        } else {
            ++failed;
        }
    }
    INFO("died at " << killing::place_of_death());
    CHECK(failed <= (killing::place_of_death().empty() ? 0 : 1));
    co_await crew.close();
    co_return how_it_went();
}

// --- the owner

task<> own_a_pool() {
    pool crew({.workers = 1});
    killing::take_warrant();
    const std::string text = co_await crew.run<&long_text>(2);
    if (text != long_text(2)) throw std::logic_error("damaged");
    std::vector<int> inputs{1, 2, 3};
    const auto all = co_await crew.map<&twice>(inputs).collect();
    if (all != std::vector<int>{2, 4, 6}) throw std::logic_error("wrong");
    co_await crew.close();
}
task<exit_status> owner_killed() { co_return co_await (co_await troupe::spawn<&own_a_pool>()).join(); }

}  // namespace

TEST_CASE("pool: a worker killed at any step costs the task in hand") {
    CHECK(killing::dies_at_each(
        {"batch: task begun", "batch: result written", "batch: task done", "lent parcel: buffers handed back",
         "lent parcel: handed back", "parcel: received", "inbox: letter finished"},
        &worker_killed_at_small_tasks));
}

TEST_CASE("pool: a worker killed while it tells a large result leaves no block") {
    CHECK(killing::dies_at_each(
        {"buffer: taken", "lent parcel: handle written", "batch: task done", "lent parcel: buffers handed back"},
        &worker_killed_at_large_results));
}

TEST_CASE("pool: a worker killed with handles in its hands leaves none of them") {
    CHECK(killing::dies_at_each({"buffer: taken out", "parcel: nothing listed", "lent parcel: handles written",
                                 "batch: task done", "lent parcel: handed back"},
                                &worker_killed_with_handles));
}

TEST_CASE("pool: an owner killed at any step takes its workers along, and leaves no block") {
    CHECK(killing::dies_at_each({"block: taken", "ring: committed", "outbox: parcel committed"}, &owner_killed));
}
