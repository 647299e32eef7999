// Many messages at once: what is sent so arrives as if each had been sent alone, and is received either way.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using troupe::queue;
using troupe::spawn;
using troupe::task;
using numbers = std::vector<int>;

struct point {
    int number = 0;
    char ballast[60] = {};
};
struct text {
    std::string words;
};
struct laden {
    int number = 0;
    queue<int> inner;
};
struct fragile {
    std::string words;
    troupe::connection<int, int> end;
};

numbers up_to(int count) {
    numbers all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}
std::vector<point> points(int first, int last) {
    std::vector<point> all;
    for (; first < last; ++first) all.push_back({first, {}});
    return all;
}
text text_of(int number) {
    // Of every length, and now and then one that goes beside the ring.
    const std::size_t length = number % 100 == 99 ? 10'000 : static_cast<std::size_t>(number % 37);
    return {std::to_string(number) + std::string(length, '.')};
}

// --- receivers

task<> one_by_one(troupe::mailbox<point, text> inbox, queue<int> seen, queue<std::string> words) {
    co_await inbox.serve([&](point p) -> task<> { co_await seen.put(p.number); },
                         [&](text t) -> task<> { co_await words.put(t.words); });
}
task<> many_by_many(troupe::mailbox<point> inbox, queue<std::size_t> sizes, queue<numbers> seen) {
    numbers all;
    for (;;) {
        const auto some = co_await inbox.receive_many(100);
        if (some.empty()) break;
        co_await sizes.put(some.size());
        for (const point& one : some) all.push_back(one.number);
    }
    sizes.close();
    co_await seen.put(all);
}
task<> count_batches(troupe::mailbox<point> inbox, queue<numbers> seen) {
    numbers all;
    while (const auto one = co_await inbox.receive()) all.push_back(one->number);
    co_await seen.put(all);
}

template <class T>
task<std::vector<T>> read_out(queue<T> from) {
    std::vector<T> all;
    while (auto one = co_await from.get()) all.push_back(std::move(*one));
    co_return all;
}

// --- stories

task<> handled_one_by_one() {
    queue<int> seen({.capacity = 1000});
    queue<std::string> words({.capacity = 1000});
    const auto reader = co_await spawn<&one_by_one>(seen, words);
    co_await reader.send_many(points(0, 300));
    std::vector<text> all;
    for (int i = 0; i < 300; ++i) all.push_back(text_of(i));
    co_await reader.send_many(std::span<const text>(all));
    co_await reader.send(point{300, {}});
    co_await reader.send_many(std::vector<point>());
    reader.stop();
    const auto reader_status = co_await reader.join();
    CHECK(reader_status.success());
    seen.close();
    words.close();
    const auto seen_left = co_await read_out(seen);
    CHECK(seen_left == up_to(301));
    const auto heard = co_await read_out(words);
    REQUIRE(heard.size() == 300);
    for (int i = 0; i < 300; ++i) CHECK(heard[static_cast<std::size_t>(i)] == text_of(i).words);
}

// More than the mailbox holds, in bursts of every size.
task<> received_many_by_many() {
    queue<std::size_t> sizes({.capacity = 50'000});
    queue<numbers> seen;
    const auto reader = co_await spawn<&many_by_many>(troupe::spawn_options{.mailbox = 64 << 10}, sizes, seen);
    constexpr int last = 40'000;
    for (int next = 0, burst = 1; next < last; burst = burst * 3 % 4999) {
        const int end = std::min(last, next + burst);
        co_await reader.send_many(points(next, end));
        next = end;
    }
    reader.stop();
    const auto reader_status = co_await reader.join();
    CHECK(reader_status.success());
    const auto seen_item = co_await seen.get();
    CHECK(*seen_item == up_to(last));
    const auto lengths = co_await read_out(sizes);
    CHECK(*std::max_element(lengths.begin(), lengths.end()) == 100);
}

task<> sent_alone_and_received_together() {
    queue<std::size_t> sizes;
    queue<numbers> seen;
    const auto reader = co_await spawn<&many_by_many>(sizes, seen);
    for (int i = 0; i < 200; ++i) co_await reader.send(point{i, {}});
    reader.stop();
    const auto reader_status = co_await reader.join();
    CHECK(reader_status.success());
    const auto seen_item = co_await seen.get();
    CHECK(*seen_item == up_to(200));
}

// Passes over a batch of one type, takes from one of the other behind it, and both in turn.
task<> select(troupe::mailbox<point, text> inbox, queue<std::string> seen) {
    for (int i = 0; i < 3; ++i) {
        const auto word = co_await inbox.receive<text>();
        const auto number = co_await inbox.receive<point>();
        co_await seen.put(word->words + ' ' + std::to_string(number->number));
    }
    const auto words = co_await inbox.receive_many<text>(10);
    const auto rest = co_await inbox.receive_many<point>(10);
    co_await seen.put(std::to_string(words.size()) + ' ' + std::to_string(rest.size()));
}

task<> selective() {
    queue<std::string> seen;
    const auto reader = co_await spawn<&select>(seen);
    co_await reader.send_many(points(0, 5));
    const std::vector<text> words{{"a"}, {"bb"}, {"ccc"}, {"d"}};
    co_await reader.send_many(words);
    const auto reader_status = co_await reader.join();
    CHECK(reader_status.success());
    seen.close();
    const auto seen_left = co_await read_out(seen);
    CHECK(seen_left == std::vector<std::string>{"a 0", "bb 1", "ccc 2", "1 2"});
}

// What is left of a batch goes on with the end of the pipe, from process to process.
using reading_end = troupe::connection<int, point>;
task<> read_three_and_pass_on(reading_end from, queue<reading_end> on, queue<int> seen) {
    for (int i = 0; i < 3; ++i) co_await seen.put((co_await from.receive())->number);
    co_await on.put(from);
}

task<> a_pipe_passed_on() {
    auto [mine, yours] = troupe::pipe<point, int>();
    queue<reading_end> on;
    queue<int> seen;
    co_await mine.send_many(points(0, 50));
    co_await on.put(yours);
    for (int i = 0; i < 5; ++i) {
        auto end = co_await on.get();
        const auto reader = co_await spawn<&read_three_and_pass_on>(std::move(*end), on, seen);
        const auto reader_status = co_await reader.join();
        CHECK(reader_status.success());
    }
    const auto last = co_await on.get();
    mine.close();
    for (;;) {
        const auto some = co_await last->receive_many(7);
        if (some.empty()) break;
        CHECK(some.size() <= 7);
        for (const point& one : some) co_await seen.put(one.number);
    }
    seen.close();
    const auto seen_left = co_await read_out(seen);
    CHECK(seen_left == up_to(50));
}

task<> through_a_queue() {
    queue<point> q({.capacity = 100});
    const auto producer = [](queue<point> to) -> task<> {
        co_await to.put_many(points(0, 1000));
        to.close();
    };
    const auto consumer = [](queue<point> from) -> task<numbers> {
        numbers all;
        for (;;) {
            const auto some = co_await from.get_many(30);
            if (some.empty()) co_return all;
            for (const point& one : some) all.push_back(one.number);
        }
    };
    const auto seen = co_await troupe::when_all(producer(q), consumer(q));
    CHECK(std::get<1>(seen) == up_to(1000));
}

task<> with_handles() {
    auto [mine, yours] = troupe::pipe<laden, int>();
    std::vector<laden> all;
    for (int i = 0; i < 5; ++i) {
        all.push_back({i, queue<int>({.capacity = 1})});
        co_await all.back().inner.put(i);
    }
    co_await mine.send_many(all);
    all.clear();
    const auto arrived = co_await yours.receive_many();
    REQUIRE(arrived.size() == 5);
    for (const laden& one : arrived) CHECK(one.inner.try_get() == one.number);
}

// One that cannot be encoded is thrown once those before it are sent.
task<> refused() {
    auto [mine, yours] = troupe::pipe<fragile, int>();
    std::vector<fragile> all(3);
    auto [first, other] = troupe::pipe<int, int>();
    all[0] = {"first", std::move(first)};
    CHECK_THROWS_AS(co_await mine.send_many(all), troupe::misuse);  // the second holds nothing
    mine.close();
    const auto arrived = co_await yours.receive_many();
    REQUIRE(arrived.size() == 1);
    CHECK(arrived[0].words == "first");
}

task<> to_one_that_ends() {
    queue<numbers> seen;
    const auto reader = co_await spawn<&count_batches>(troupe::spawn_options{.mailbox = 64 << 10}, seen);
    reader.kill();
    CHECK_THROWS_AS(co_await reader.send_many(points(0, 100'000)), troupe::actor_died);
    co_await reader.join();
    auto [mine, yours] = troupe::pipe<point, int>();
    CHECK_THROWS_AS(co_await troupe::with_timeout(std::chrono::milliseconds(50), mine.send_many(points(0, 100'000))),
                    troupe::timed_out);
    const auto yours_item = co_await yours.receive();
    CHECK(yours_item->number == 0);
    yours.close();
    CHECK_THROWS_AS(co_await mine.send_many(points(0, 10)), troupe::closed);
}

// Encoded while the batch before it waits for room, and not sent.
struct perhaps {
    std::string words;
    std::vector<troupe::buffer> data;
};

task<> what_was_encoded_ahead() {
    auto [mine, yours] = troupe::pipe<perhaps, int>();
    while (mine.try_send(perhaps{std::string(1000, 'x'), {}})) {
    }
    while (mine.try_send(perhaps{"", {}})) {
    }
    std::vector<perhaps> all;
    for (int i = 0; i < 3; ++i) all.push_back({"small", {}});
    all.push_back({"laden", {}});
    all.back().data.emplace_back(100);
    CHECK_THROWS_AS(co_await troupe::with_timeout(std::chrono::milliseconds(5), mine.send_many(all)),
                    troupe::timed_out);
    CHECK(all.back().data.front().size() == 100);
}

}  // namespace

TEST_CASE("batch: what is sent together is handled one by one, in order, of every size") {
    watched(handled_one_by_one());
}
TEST_CASE("batch: more than the mailbox holds is sent and received in bursts") { watched(received_many_by_many()); }
TEST_CASE("batch: what was sent alone is received together") { watched(sent_alone_and_received_together()); }
TEST_CASE("batch: a receive of one type passes over a batch of another, and comes back to the rest of it") {
    watched(selective());
}
TEST_CASE("batch: the rest of one goes with the end of its pipe") { watched(a_pipe_passed_on()); }
TEST_CASE("batch: through a queue") { watched(through_a_queue()); }
TEST_CASE("batch: messages with handles go alone") { watched(with_handles()); }
TEST_CASE("batch: those before one that cannot be encoded are sent") { watched(refused()); }
TEST_CASE("batch: whoever sends to one that ends, or in vain, is told") { watched(to_one_that_ends()); }
TEST_CASE("batch: nobody receives at most nothing") {
    const queue<int> q;
    CHECK_THROWS_AS(q.get_many(0), troupe::misuse);
}

TEST_CASE("batch: a buffer behind a batch that is not sent is still its owner's") { watched(what_was_encoded_ahead()); }
