// Pools that are asked for what cannot be, or used where they cannot be used.
#include <chrono>
#include <iterator>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <troupe/msgpack.hpp>
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
using queues = std::vector<troupe::queue<int>>;
std::size_t count_of(queues all) { return all.size(); }
queues as_many(std::size_t count) { return queues(count, troupe::queue<int>()); }

std::vector<int> numbers(int count) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

struct unsized {
    std::vector<int> all;
    auto begin() const { return all.begin(); }
    auto end() const { return all.end(); }
    std::size_t size() const { throw std::length_error("nobody knows"); }
};

// A message that cannot be made into bytes, for a reason of its own.
struct secret {
    std::string text;
    template <class Packer>
    void msgpack_pack(Packer&) const {
        throw std::domain_error("not to be told");
    }
    void msgpack_unpack(const msgpack::object&) {}
};
void take_secret(secret) {}

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

TEST_CASE("pool: arguments of prepare that cannot be encoded make the pool fail with that reason") {
    watched([]() -> task<> {
        pool crew({.workers = 1, .prepare = troupe::deferred<take_secret>(secret())});
        auto one = crew.try_run<square>(2);
        const auto what = co_await outcome_of(std::move(*one));
        CHECK_THAT(what.why(), contains("not to be told"));
        co_await crew.close();
    }());
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

TEST_CASE("pool: more than 64 handles in an argument or a result are refused, and worker and pool go on") {
    watched([]() -> task<> {
        pool crew({.workers = 1});
        const auto given = co_await outcome_of(crew.run<count_of>(as_many(100)));
        CHECK_THAT(given.why(), contains("100 handles, and 64 is the most"));
        const auto returned = co_await outcome_of(crew.run<as_many>(std::size_t{100}));
        CHECK_THAT(returned.why(), contains("100 handles, and 64 is the most"));
        const std::size_t most = co_await crew.run<count_of>(as_many(64));
        CHECK(most == 64);
        const queues back = co_await crew.run<as_many>(std::size_t{64});
        CHECK(back.size() == 64);
        CHECK(crew.replaced() == 0);
        co_await crew.close();
    }());
}

TEST_CASE("pool: results that were moved from say so") {
    watched([]() -> task<> {
        pool crew({.workers = 1});
        auto results = crew.map<square>(numbers(3));
        auto taken = std::move(results);
        CHECK_THAT(refusal<troupe::misuse>([&] { static_cast<void>(results.next()); }), contains("moved from"));
        CHECK_THAT(refusal<troupe::misuse>([&] { static_cast<void>(results.collect()); }), contains("moved from"));
        const std::vector<int> all = co_await taken.collect();
        CHECK(all == std::vector<int>{0, 1, 4});
        co_await crew.close();
    }());
}

TEST_CASE("pool: a range that throws when it is asked for its size is read all the same") {
    watched([]() -> task<> {
        pool crew({.workers = 1});
        const auto all = co_await crew.map<square>(unsized{numbers(3)}).collect();
        CHECK(all == std::vector<int>{0, 1, 4});
        co_await crew.close();
    }());
}

TEST_CASE("pool: an endless range of which no element can be read is no endless collect") {
    watched([]() -> task<> {
        pool crew({.workers = 1});
        const auto all =
            co_await outcome_of(crew.map<square>(std::views::iota(0) | std::views::transform([](int) -> int {
                                                     throw std::out_of_range("none");
                                                 }))
                                    .collect());
        CHECK_THAT(all.why(), contains("none"));
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
