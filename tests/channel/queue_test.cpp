// Queues: order, bounds, the end, work that is reported done, and how long a queue lives.
#include <chrono>
#include <numeric>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::queue;
using troupe::spawn;
using troupe::task;

// --- actors

task<> put_numbers(queue<int> into, int first, int last) {
    for (int n = first; n < last; ++n) co_await into.put(n);
}
task<> double_them(queue<int> from, queue<int> into) {
    while (auto n = co_await from.get()) co_await into.put(*n * 2);
}
task<> work_off(queue<std::string> jobs, queue<int> sizes) {
    while (auto job = co_await jobs.get()) {
        co_await sizes.put(static_cast<int>(job->size()));
        jobs.task_done();
    }
}
task<> make_queue_and_end(queue<queue<int>> out) {
    queue<int> made;
    for (const int n : {1, 2, 3}) co_await made.put(n);
    co_await out.put(made);
}
task<> answer_through(queue<queue<int>> requests) {
    while (auto back = co_await requests.get()) co_await back->put(42);
}

// --- bodies

task<std::vector<int>> read_out(queue<int> from) {
    std::vector<int> all;
    while (auto n = co_await from.get()) all.push_back(*n);
    co_return all;
}

task<std::vector<int>> numbers_from_one() {
    queue<int> numbers({.capacity = 16});
    const auto one = co_await spawn<put_numbers>(numbers, 0, 1000);
    std::vector<int> seen;
    for (int i = 0; i < 1000; ++i) seen.push_back(*co_await numbers.get());
    co_await one.join();
    co_return seen;
}

task<bool> numbers_from_three() {
    queue<int> numbers({.capacity = 16});
    const auto a = co_await spawn<put_numbers>(numbers, 0, 500);
    const auto b = co_await spawn<put_numbers>(numbers, 1000, 1500);
    const auto c = co_await spawn<put_numbers>(numbers, 2000, 2500);
    std::vector<int> next{0, 1000, 2000};
    bool in_order = true;
    for (int i = 0; i < 1500; ++i) {
        const int n = *co_await numbers.get();
        int& expected = next[static_cast<std::size_t>(n / 1000)];
        in_order = in_order && n == expected;
        ++expected;
    }
    co_await troupe::when_all(a.join(), b.join(), c.join());
    co_return in_order&& numbers.size() == 0;
}

task<long> sum_by_four_receivers() {
    queue<int> numbers({.capacity = 32}), doubled({.capacity = 4096});
    std::vector<troupe::actor<>> workers;
    for (int i = 0; i < 4; ++i) workers.push_back(co_await spawn<double_them>(numbers, doubled));
    for (int n = 1; n <= 1000; ++n) co_await numbers.put(n);
    numbers.close();
    for (const auto& one : workers) co_await one.join();
    doubled.close();
    const std::vector<int> all = co_await read_out(doubled);
    co_return all.size() == 1000 ? std::accumulate(all.begin(), all.end(), 0L) : -1;
}

task<> waits_while_full() {
    queue<int> two({.capacity = 2});
    REQUIRE(two.try_put(1));
    REQUIRE(two.try_put(2));
    REQUIRE_FALSE(two.try_put(3));
    REQUIRE(two.size() == 2);
    const auto first = co_await troupe::when_any(two.put(4), troupe::sleep_for(5ms));
    REQUIRE(first.index() == 1);
    REQUIRE(two.size() == 2);  // what waited has put nothing
    const auto [put, got] = co_await troupe::when_all(two.put(5), two.get());
    static_cast<void>(put);
    REQUIRE(got == 1);
    REQUIRE(two.try_get() == 2);
    REQUIRE(two.try_get() == 5);
    REQUIRE_FALSE(two.try_get());
}

task<> bound_by_bytes() {
    const std::string large(64 << 10, 'x');
    queue<std::string> few({.capacity = 100, .bytes = std::size_t{256} << 10});
    int fit = 0;
    while (few.try_put(large)) ++fit;
    REQUIRE(fit >= 1);
    REQUIRE(fit <= 4);
    REQUIRE(few.try_put("a small one"));  // only large ones are counted
    for (int i = 0; i < fit; ++i) {
        const auto few_item = co_await few.get();
        REQUIRE(*few_item == large);
    }
    auto few_item = co_await few.get();
    REQUIRE(*few_item == "a small one");
    REQUIRE(few.try_put(std::string(1 << 20, 'y')));  // one that is larger than the bound goes alone
    REQUIRE_FALSE(few.try_put(large));
    few_item = co_await few.get();
    REQUIRE(few_item == std::string(1 << 20, 'y'));
}

task<> end_of_stream() {
    queue<int> numbers;
    co_await numbers.put(1);
    co_await numbers.put(2);
    numbers.close();
    numbers.close();
    REQUIRE_THROWS_AS(numbers.try_put(3), troupe::closed);
    bool refused = false;
    try {
        co_await numbers.put(3);
    } catch (const troupe::closed&) {
        refused = true;
    }
    REQUIRE(refused);
    const auto numbers_left = co_await read_out(numbers);
    REQUIRE(numbers_left == std::vector<int>{1, 2});
    const auto numbers_item = co_await numbers.get();
    REQUIRE_FALSE(numbers_item);
}

task<> close_wakes() {
    queue<int> none;
    queue<int> one({.capacity = 1});
    co_await one.put(0);
    const auto close_both = [](queue<int> a, queue<int> b) -> task<> {
        co_await troupe::yield();
        a.close();
        b.close();
    };
    const auto put = [](queue<int> q) -> task<bool> {
        try {
            co_await q.put(1);
        } catch (const troupe::closed&) {
            co_return true;
        }
        co_return false;
    };
    const auto [got, refused, closed] = co_await troupe::when_all(none.get(), put(one), close_both(none, one));
    static_cast<void>(closed);
    REQUIRE_FALSE(got);
    REQUIRE(refused);
}

task<> done_is_reported() {
    queue<std::string> jobs;
    queue<int> sizes;
    co_await jobs.drained();  // nothing was put
    const auto a = co_await spawn<work_off>(jobs, sizes);
    const auto b = co_await spawn<work_off>(jobs, sizes);
    for (int i = 0; i < 100; ++i) co_await jobs.put(std::string(static_cast<std::size_t>(i), '.'));
    co_await jobs.drained();
    REQUIRE(sizes.size() == 100);
    jobs.close();
    co_await troupe::when_all(a.join(), b.join());
}

task<> done_too_often() {
    queue<int> jobs;
    co_await jobs.put(1);
    co_await jobs.get();
    jobs.task_done();
    REQUIRE_THROWS_AS(jobs.task_done(), troupe::misuse);
}

task<> maker_ends() {
    queue<queue<int>> out;
    const auto maker = co_await spawn<make_queue_and_end>(out);
    co_await maker.join();
    const queue<int> made = *co_await out.get();
    made.close();
    const auto made_left = co_await read_out(made);
    REQUIRE(made_left == std::vector<int>{1, 2, 3});
}

task<> handle_through_queue() {
    queue<queue<int>> requests;
    const auto one = co_await spawn<answer_through>(requests);
    for (int i = 0; i < 20; ++i) {
        queue<int> back;
        co_await requests.put(back);
        const auto back_item = co_await back.get();
        REQUIRE(*back_item == 42);
    }
    requests.close();
    co_await one.join();
}

task<> never_got() {
    queue<queue<int>> outer;
    for (int i = 0; i < 10; ++i) co_await outer.put(queue<int>());
}

task<> children_with_unread_items() {
    queue<int> numbers({.capacity = 4096});
    const auto one = co_await spawn<put_numbers>(numbers, 0, 4000);
    const auto one_status = co_await one.join();
    REQUIRE(one_status.code() == 0);
    REQUIRE(numbers.size() == 4000);
}

task<> nothing_taken_by_a_lost_race() {
    queue<int> a, b;
    co_await b.put(1);
    for (int i = 0; i < 50; ++i) {
        const auto first = co_await troupe::when_any(a.get(), b.get());
        REQUIRE(first.index() == 1);
        co_await b.put(i);
    }
    bool late = false;
    try {
        co_await troupe::with_timeout(1ms, a.get());
    } catch (const troupe::timed_out&) {
        late = true;
    }
    REQUIRE(late);
    co_await a.put(7);
    const auto a_item = co_await a.get();
    REQUIRE(*a_item == 7);
}

}  // namespace

TEST_CASE("queue: first in, first out") {
    const auto seen = watched(numbers_from_one());
    std::vector<int> expected(1000);
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(seen == expected);
}

TEST_CASE("queue: the items of each of several senders keep their order") { CHECK(watched(numbers_from_three())); }

TEST_CASE("queue: each item is taken by exactly one of several receivers") {
    CHECK(watched(sum_by_four_receivers()) == 2L * 1000 * 1001 / 2);
}

TEST_CASE("queue: put waits while as many items as its capacity are in it") { watched(waits_while_full()); }

TEST_CASE("queue: large items together are bounded in bytes, and one that is larger goes alone") {
    watched(bound_by_bytes());
}

TEST_CASE("queue: after close nothing can be put, and what is in it can be got") { watched(end_of_stream()); }

TEST_CASE("queue: close wakes those who wait to put and to get") { watched(close_wakes()); }

TEST_CASE("queue: drained waits until every item has been reported done") { watched(done_is_reported()); }

TEST_CASE("queue: task_done more often than items were put is misuse") { watched(done_too_often()); }

TEST_CASE("queue: it lives on when its maker has ended") { watched(maker_ends()); }

TEST_CASE("queue: a queue may be sent through a queue") { watched(handle_through_queue()); }

TEST_CASE("queue: queues in items that nobody gets go with the outer one") { watched(never_got()); }

TEST_CASE("queue: a child that ends with unread items does not block its join") {
    watched(children_with_unread_items());
}

TEST_CASE("queue: a get that lost a race or its time has taken nothing") { watched(nothing_taken_by_a_lost_race()); }

TEST_CASE("queue: one in an item that is refused is let go") {
    struct both {
        queue<int> inner;
        troupe::connection<int, int> nothing;
    };
    const queue<both> outer;
    CHECK_THROWS_AS(outer.try_put(both{}), troupe::misuse);  // what is left of `inner` would be found behind the test
}

TEST_CASE("queue: a moved-from queue throws misuse") {
    queue<int> a;
    const queue<int> b = std::move(a);
    CHECK_THROWS_AS(a.try_put(1), troupe::misuse);
    CHECK_THROWS_AS(a.get(), troupe::misuse);
    CHECK(b.try_put(1));
}

TEST_CASE("queue: an absurd capacity is refused") {
    CHECK_THROWS_AS(queue<int>({.capacity = 0}), troupe::error);
    CHECK_THROWS_AS(queue<int>({.capacity = ~std::size_t{0}}), troupe::too_large);
}
