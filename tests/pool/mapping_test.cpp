// A function that is mapped over inputs: order, failures, and how much is read.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::outcome_of;
using troupe::pool;
using troupe::task;

int square(int n) { return n * n; }
long product(long a, long b) { return a * b; }
std::string twice(std::string text) { return text + text; }
std::string long_text(std::size_t length) { return std::string(length, 'x'); }
void nothing(int) {}
int die_at_five(int n) {
    if (n % 10 == 5) std::raise(SIGKILL);
    return n;
}
int refuse_three(int n) {
    if (n == 3) throw std::runtime_error("three");
    return n;
}
// The first task waits until the others are done.
std::optional<troupe::event> gate;
void put_up(troupe::event at) { gate = std::move(at); }
int wait_if_first(int n) {
    if (n == 0) troupe::sync_wait(gate->wait());
    return n;
}
int wait_or_refuse(int n) { return refuse_three(wait_if_first(n)); }
task<int> later(int n) {
    co_await troupe::sleep_for(std::chrono::microseconds(n % 3));
    co_return n;
}
int die_twice(std::string counter, int n) {
    std::string name = counter + std::to_string(n);
    for (const char* mark : {".1", ".2"}) {
        if (access((name + mark).c_str(), F_OK) == 0) continue;
        fclose(fopen((name + mark).c_str(), "w"));
        std::raise(SIGKILL);
    }
    return n;
}

std::vector<int> numbers(int count) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

// Counts how far it is read.
struct counted {
    int* read;
    struct iterator {
        using value_type = int;
        using difference_type = std::ptrdiff_t;
        int* read;
        int at = 0;
        int operator*() const { return at; }
        iterator& operator++() {
            ++at;
            *read = std::max(*read, at);
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const { return false; }
    };
    iterator begin() const { return {read}; }
    std::default_sentinel_t end() const { return {}; }
};
struct throws_at_four {
    struct iterator {
        using value_type = int;
        using difference_type = std::ptrdiff_t;
        int at = 0;
        int operator*() const { return at; }
        iterator& operator++() {
            if (++at == 4) throw std::out_of_range("no fifth");
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const { return false; }
    };
    iterator begin() const { return {}; }
    std::default_sentinel_t end() const { return {}; }
};

template <class Body>
void with_pool(troupe::pool_options options, Body body) {
    watched([](troupe::pool_options o, Body b) -> task<> {
        if (o.workers == 0) o.workers = 2;
        pool crew(std::move(o));
        co_await b(crew);
        co_await crew.close();
    }(std::move(options), std::move(body)));
}

}  // namespace

TEST_CASE("Results come in the order of the inputs") {
    with_pool({}, [](pool& crew) -> task<> {
        const std::vector<int> inputs = numbers(5000);
        auto results = crew.map<square>(inputs);
        int next = 0;
        while (auto one = co_await results.next()) {
            if (one->index() != static_cast<std::size_t>(next) || one->value() != next * next) FAIL_CHECK(next);
            ++next;
        }
        CHECK(next == 5000);
        CHECK(results.done() == 5000);
        CHECK(crew.replaced() == 0);
    });
}

TEST_CASE("Results that need no order come as they are ready, each once") {
    const troupe::event others_are_done;
    with_pool({.prepare = troupe::deferred<put_up>(others_are_done)}, [&others_are_done](pool& crew) -> task<> {
        auto results = crew.map<wait_if_first>(numbers(500), {.ordered = false});
        std::vector<int> seen(500);
        std::size_t taken = 0;
        while (auto one = co_await results.next()) {
            CHECK(one->ok());
            ++seen[one->index()];
            if (++taken == 499) others_are_done.set();
        }
        CHECK(taken == 500);
        CHECK(std::ranges::count(seen, 1) == 500);
    });
}

TEST_CASE("Collect gives all values in the order of the inputs") {
    with_pool({}, [](pool& crew) -> task<> {
        for (const bool ordered : {true, false}) {
            const std::vector<int> all = co_await crew.map<later>(numbers(3000), {.ordered = ordered}).collect();
            CHECK(all == numbers(3000));
        }
        co_await crew.map<nothing>(numbers(100)).collect();
        const std::vector<int> none = co_await crew.map<square>(std::vector<int>()).collect();
        CHECK(none.empty());
    });
}

TEST_CASE("Collect throws the first failure, and the rest is not begun") {
    with_pool({.waiting = 16}, [](pool& crew) -> task<> {
        int read = 0;
        bool threw = false;
        try {
            static_cast<void>(co_await crew.map<refuse_three>(counted{&read}).collect());
        } catch (const troupe::remote_error& e) {
            threw = e.text() == "three";
        }
        CHECK(threw);
        CHECK(read < 200'000);
    });
}

TEST_CASE("What collect throws is no failure that was taken before") {
    with_pool({}, [](pool& crew) -> task<> {
        auto results = crew.map<refuse_three>(std::vector<int>{3, 1, 2});
        const auto first = co_await results.next();
        CHECK_FALSE(first->ok());
        const std::vector<int> rest = co_await results.collect();
        CHECK(rest == std::vector<int>{1, 2});
    });
}

TEST_CASE("When collect has thrown, the outcomes can still be taken, each in its place") {
    const troupe::event others_are_done;
    with_pool({.prepare = troupe::deferred<put_up>(others_are_done)}, [&others_are_done](pool& crew) -> task<> {
        auto results = crew.map<wait_or_refuse>(std::vector<int>{0, 3});
        const auto all = co_await outcome_of(results.collect());
        CHECK(all.why().find("three") != std::string::npos);
        others_are_done.set();
        const auto first = co_await results.next();
        CHECK(first->value() == 0);
        const auto second = co_await results.next();
        CHECK(second->index() == 1);
        CHECK_FALSE(second->ok());
        const auto end = co_await results.next();
        CHECK_FALSE(end.has_value());
    });
}

TEST_CASE("The task that collects keeps the results of a mapping that nobody else keeps") {
    with_pool({}, [](pool& crew) -> task<> {
        auto everything = crew.map<square>(numbers(1000)).collect();
        co_await troupe::sleep_for(1ms);
        const std::vector<int> all = co_await std::move(everything);
        CHECK(all.size() == 1000);
        CHECK(all.back() == 999 * 999);
    });
}

TEST_CASE("Inputs may be texts, tuples of several arguments, or a view") {
    with_pool({}, [](pool& crew) -> task<> {
        const std::vector<std::string> texts{"a", "bc", std::string(10'000, 'd')};
        const auto doubled = co_await crew.map<twice>(texts).collect();
        CHECK(doubled[1] == "bcbc");
        CHECK(doubled[2].size() == 20'000);
        const std::vector<std::tuple<long, long>> pairs{{2, 3}, {4, 5}};
        const auto products = co_await crew.map<product>(pairs).collect();
        CHECK(products == std::vector<long>{6, 20});
        const auto squares = co_await crew.map<square>(std::views::iota(0, 100)).collect();
        CHECK(squares[99] == 9801);
        const std::vector<std::size_t> lengths{10, 100'000, 5, 70'000};
        const auto long_ones = co_await crew.map<long_text>(lengths).collect();
        for (std::size_t i = 0; i < lengths.size(); ++i) CHECK(long_ones[i].size() == lengths[i]);
    });
}

TEST_CASE("A task that kills its worker is lost, and no other") {
    with_pool({}, [](pool& crew) -> task<> {
        auto results = crew.map<die_at_five>(numbers(300));
        int failed = 0, next = 0;
        while (auto one = co_await results.next()) {
            if (next % 10 == 5) {
                failed += one->ok() ? 0 : 1;
                CHECK(one->status().value_or(troupe::exit_status()).signal() == SIGKILL);
            } else if (!one->ok() || one->value() != next) {
                FAIL_CHECK(next << ": " << one->why());
            }
            ++next;
        }
        CHECK(next == 300);
        CHECK(failed == 30);
        CHECK(crew.replaced() >= 29);  // the last end may not have been seen yet
    });
}

TEST_CASE("A task is given to another worker as often as attempts say") {
    char folder[] = "/tmp/troupe-pool-XXXXXX";
    REQUIRE(mkdtemp(folder) != nullptr);
    const std::string counter = std::string(folder) + "/";
    with_pool({.attempts = 3}, [&counter](pool& crew) -> task<> {
        std::vector<std::tuple<std::string, int>> inputs;
        for (int i = 0; i < 4; ++i) inputs.emplace_back(counter, i);
        const auto all = co_await crew.map<die_twice>(inputs).collect();
        CHECK(all == numbers(4));
        CHECK(crew.replaced() >= 7);
    });
    CHECK(std::system(("rm -r " + std::string(folder)).c_str()) == 0);
}

TEST_CASE("Whether a task that failed is given to a worker again can be decided for each") {
    with_pool({}, [](pool& crew) -> task<> {
        auto results =
            crew.map<refuse_three>(numbers(6), {.again = [](const troupe::outcome<void>& failure, unsigned attempts) {
                                       return failure.why().find("three") != std::string::npos && attempts < 4;
                                   }});
        std::size_t failed = 0;
        while (auto one = co_await results.next()) failed += one->ok() ? 0 : 1;
        CHECK(failed == 1);
    });
}

TEST_CASE("If what decides about a task that failed throws itself, that is why it failed") {
    with_pool({}, [](pool& crew) -> task<> {
        auto results = crew.map<refuse_three>(numbers(6), {.again = [](const troupe::outcome<void>&, unsigned) -> bool {
                                                  throw std::logic_error("undecided");
                                              }});
        for (int i = 0; i < 6; ++i) {
            const auto one = co_await results.next();
            CHECK(one->ok() == (i != 3));
            CHECK((i != 3 || one->why().find("undecided") != std::string::npos));
        }
    });
}

TEST_CASE("A mapping leaves single tasks the room that is theirs") {
    with_pool({.waiting = 1}, [](pool& crew) -> task<> {
        int read = 0;
        const auto results = crew.map<square>(counted{&read});
        auto single = crew.try_run<square>(3);
        REQUIRE(single.has_value());
        const int nine = co_await std::move(*single);
        CHECK(nine == 9);
    });
}

TEST_CASE("Inputs are read as results are taken") {
    with_pool({.waiting = 50}, [](pool& crew) -> task<> {
        int read = 0;
        auto results = crew.map<square>(counted{&read});
        for (int taken = 1; taken <= 1000; ++taken) {
            const auto one = co_await results.next();
            CHECK(one->value() == (taken - 1) * (taken - 1));
            if (read > taken + 50) FAIL_CHECK(read << " read when " << taken << " were taken");
        }
    });
}

TEST_CASE("A range that throws fails the mapping behind the results before it") {
    with_pool({}, [](pool& crew) -> task<> {
        auto results = crew.map<square>(throws_at_four{});
        for (int i = 0; i < 4; ++i) {
            const auto one = co_await results.next();
            CHECK(one->value() == i * i);
        }
        bool threw = false;
        try {
            static_cast<void>(co_await results.next());
        } catch (const std::out_of_range&) {
            threw = true;
        }
        CHECK(threw);
    });
}

TEST_CASE("What waits behind a long task is taken back for a worker that has nothing") {
    const troupe::event others_are_done;
    troupe::pool_options options{.workers = 2, .prepare = troupe::deferred<put_up>(others_are_done)};
    with_pool(std::move(options), [&others_are_done](pool& crew) -> task<> {
        // The long one is in the middle of a batch, because it is not the first of its function.
        std::vector<int> inputs(2000, 1);
        inputs[1000] = 0;
        auto results = crew.map<wait_if_first>(inputs, {.ordered = false});
        std::size_t taken = 0;
        while (auto one = co_await results.next()) {
            CHECK(one->ok());
            if (++taken == 1999) others_are_done.set();
        }
        CHECK(taken == 2000);
    });
}

TEST_CASE("Results that are dropped leave the pool as it was") {
    with_pool({}, [](pool& crew) -> task<> {
        {
            int read = 0;
            auto results = crew.map<square>(counted{&read});
            static_cast<void>(co_await results.next());
        }
        const int squared = co_await crew.run<square>(3);
        CHECK(squared == 9);
    });
}

TEST_CASE("Whoever awaits results that are dropped meanwhile is told") {
    const troupe::event others_are_done;
    troupe::pool_options options{.workers = 1, .prepare = troupe::deferred<put_up>(others_are_done)};
    with_pool(std::move(options), [&others_are_done](pool& crew) -> task<> {
        std::optional<troupe::results<int>> results(crew.map<wait_if_first>(numbers(3)));
        const auto both = co_await troupe::when_all_settled(results->next(),
                                                            [](std::optional<troupe::results<int>>* dropped) -> task<> {
                                                                co_await troupe::yield();
                                                                dropped->reset();
                                                            }(&results));
        CHECK(std::get<0>(both).why().find("dropped") != std::string::npos);
        others_are_done.set();
    });
}

TEST_CASE("Inputs may come through a queue, which is read no further than results are taken") {
    with_pool({.waiting = 10}, [](pool& crew) -> task<> {
        const troupe::queue<int> inputs({.capacity = 1000});
        for (int i = 0; i < 100; ++i) co_await inputs.put(i);
        auto results = crew.map<square>(inputs);
        for (int i = 0; i < 20; ++i) {
            const auto one = co_await results.next();
            CHECK(one->value() == i * i);
        }
        CHECK(inputs.size() >= 69);
        inputs.close();
        const std::vector<int> rest = co_await results.collect();
        CHECK(rest.size() == 80);
        CHECK(rest.back() == 99 * 99);
    });
}

TEST_CASE("Several coroutines of an actor share a pool") {
    with_pool({}, [](pool& crew) -> task<> {
        co_await troupe::task_group::run([&crew](troupe::task_group& group) -> task<> {
            for (int i = 0; i < 50; ++i) {
                group.start([](pool& shared, int n) -> task<> {
                    const int squared = co_await shared.run<square>(n);
                    CHECK(squared == n * n);
                    const auto all = co_await shared.map<square>(numbers(20)).collect();
                    CHECK(all[19] == 361);
                }(crew, i));
            }
            co_return;
        });
    });
}
