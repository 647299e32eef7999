// Pools that are asked for what cannot be, or used where they cannot be used.
#include <chrono>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using checks::contains;
using troupe::outcome_of;
using troupe::pool;
using troupe::pool_options;
using troupe::task;

int square(int n) { return n * n; }

template <class Error, class Call>
std::string refusal(Call call) {
    try {
        call();
    } catch (const Error& refused) {
        return refused.what();
    }
    return "it was not refused";
}

// What a copy of the owner would have, where workers are started by fork.
pool* the_pool = nullptr;
std::string use_the_pool(int) {
    if (the_pool == nullptr) return "not here";
    return refusal<troupe::misuse>([] { static_cast<void>(the_pool->run<square>(2)); });
}

// Throws when it is begun, or at its fourth element; it has no end.
struct throwing {
    bool at_once;
    struct iterator {
        using value_type = int;
        using difference_type = std::ptrdiff_t;
        int at = 0;
        int operator*() const {
            if (at == 3) throw std::out_of_range("no fourth");
            return at;
        }
        iterator& operator++() {
            ++at;
            return *this;
        }
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const { return false; }
    };
    iterator begin() const {
        if (at_once) throw std::out_of_range("nothing to begin with");
        return {};
    }
    std::default_sentinel_t end() const { return {}; }
};

int size_of(troupe::queue<int> one) { return static_cast<int>(one.size()); }

std::vector<int> numbers(int count) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

task<> count_workers(pool_options options, std::size_t expected) {
    pool crew(std::move(options));
    const auto all = co_await crew.map<square>(numbers(100)).collect();
    CHECK(all[9] == 81);
    while (troupe::this_actor::children().size() < expected) co_await troupe::yield();
    CHECK(troupe::this_actor::children().size() == expected);
    co_await crew.close();
}

}  // namespace

TEST_CASE("pool: no number of workers means one for each CPU, and there may be more than CPUs") {
    watched(count_workers({}, troupe::usable_cpus()));
    watched(count_workers({.workers = 3 * troupe::usable_cpus()}, 3 * troupe::usable_cpus()));
}

TEST_CASE("pool: more workers than there can be actors are refused, with what to raise") {
    CHECK_THAT(refusal<troupe::misuse>([] { const pool crew({.workers = 100'000}); }),
               contains("100000") && contains("run_options::actors"));
}

TEST_CASE("pool: options that make no sense are named") {
    CHECK_THAT(refusal<troupe::misuse>([] { const pool crew({.waiting = 0}); }), contains("waiting"));
    CHECK_THAT(refusal<troupe::misuse>([] { const pool crew({.attempts = 0}); }), contains("attempts"));
    CHECK_THAT(refusal<troupe::misuse>([] { const pool crew({.task_timeout = std::chrono::seconds(-1)}); }),
               contains("task_timeout"));
}

TEST_CASE("pool: a task that has a copy of its own pool is told that it cannot use it") {
    watched([]() -> task<> {
        pool crew({.workers = 1, .lazy = true});
        the_pool = &crew;
        const std::string said = co_await crew.run<use_the_pool>(0);
        the_pool = nullptr;
        CHECK((said == "not here" || said.find("the actor that made it alone") != std::string::npos));
        co_await crew.close();
    }());
}

TEST_CASE("pool: what a range throws when it is begun is thrown by next and by collect") {
    watched([]() -> task<> {
        pool crew({.workers = 1});
        const auto all = co_await outcome_of(crew.map<square>(throwing{true}).collect());
        CHECK_THAT(all.why(), contains("nothing to begin with"));
        auto results = crew.map<square>(throwing{true});
        const auto next = co_await outcome_of(results.next());
        CHECK_THAT(next.why(), contains("nothing to begin with"));
        co_await crew.close();
    }());
}

TEST_CASE("pool: an element that throws when it is read is a failure of its own, and those behind it are read") {
    watched([]() -> task<> {
        pool crew({.workers = 1});
        const auto all = co_await outcome_of(crew.map<square>(throwing{false}).collect());
        CHECK_THAT(all.why(), contains("no fourth"));
        auto results = crew.map<square>(throwing{false});
        for (int i = 0; i < 5; ++i) {
            const auto one = co_await results.next();
            CHECK(one->ok() == (i != 3));
            CHECK_THAT(one->why(), contains(i == 3 ? "no fourth" : ""));
        }
        co_await crew.close(std::chrono::nanoseconds(0));
    }());
}

TEST_CASE("pool: an argument that cannot be sent is refused at the call by run, and is an outcome of map") {
    watched([]() -> task<> {
        pool crew({.workers = 1});
        troupe::queue<int> empty;
        const auto moved = std::move(empty);
        CHECK_THAT(refusal<troupe::misuse>([&] { static_cast<void>(crew.run<size_of>(empty)); }),
                   contains("moved from"));
        const std::vector<troupe::queue<int>> inputs{moved, empty, moved};
        auto results = crew.map<size_of>(inputs);
        for (std::size_t i = 0; i < 3; ++i) {
            const auto one = co_await results.next();
            CHECK(one->index() == i);
            CHECK(one->ok() == (i != 1));
        }
        const auto end = co_await results.next();
        CHECK_FALSE(end.has_value());
        co_await crew.close();
    }());
}

TEST_CASE("pool: two coroutines that wait for the same results are told") {
    watched([]() -> task<> {
        pool crew({.workers = 1});
        auto results = crew.map<[](int) { troupe::sync_wait(troupe::sleep_for(std::chrono::hours(1))); }>(numbers(2));
        auto both =
            co_await troupe::when_all_settled(troupe::with_timeout(std::chrono::milliseconds(50), results.next()),
                                              troupe::with_timeout(std::chrono::milliseconds(50), results.next()));
        CHECK_THAT(std::get<1>(both).why(), contains("one at a time"));
        co_await crew.close(std::chrono::nanoseconds(0));
    }());
}
