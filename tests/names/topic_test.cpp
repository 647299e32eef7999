// Topics: who gets what is published, in which order, and who is waited for.
#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "names/company.hpp"
#include "watched.hpp"

namespace {

using namespace company;
using checks::contains;
using troupe::overflow, troupe::publication, troupe::topic;

std::vector<int> numbers_to(int last) {
    std::vector<int> all(static_cast<std::size_t>(last));
    std::iota(all.begin(), all.end(), 1);
    return all;
}

task<reader_reference> subscriber(topic<item> to) {
    const auto one = co_await troupe::spawn<reader>();
    co_await to.subscribe(one);
    co_return one;
}
// One that reads nothing yet, and whose mailbox is full.
task<reader_reference> full_subscriber(topic<item> to, troupe::queue<int> go_on, overflow when_full = overflow::wait) {
    const auto one = co_await troupe::spawn<late_reader>({.mailbox = 64 << 10}, go_on);
    co_await to.subscribe(one, {.when_full = when_full});
    while (one.try_send(item{0}) == troupe::send_result::sent) {
    }
    co_return one;
}

task<> published_to_all() {
    const topic<item> news("news");
    const auto nobody = co_await news.publish({0});
    CHECK(nobody == publication{});
    std::vector<reader_reference> readers;
    for (int i = 0; i < 3; ++i) readers.push_back(co_await subscriber(news));
    CHECK(news.subscribers() == 3);
    for (const int i : numbers_to(1000)) {
        const publication done = co_await news.publish({i});
        if (done != publication{3, 0}) FAIL("reached " << done.reached);
    }
    for (const auto& one : readers) {
        const auto numbers = co_await one.ask(seen{});
        CHECK(numbers == numbers_to(1000));
        co_await end(one);
    }
    CHECK(news.subscribers() == 0);
}

task<> no_more() {
    const topic<item> news("news that ends");
    const auto one = co_await subscriber(news);
    co_await news.publish({1});
    co_await news.unsubscribe(one);
    CHECK(news.subscribers() == 0);
    const publication done = co_await news.publish({2});
    CHECK(done == publication{});
    co_await news.unsubscribe(one);
    const auto numbers = co_await one.ask(seen{});
    CHECK(numbers == numbers_to(1));
    co_await end(one);
}

// The message is the one of the call, and who gets it is known at the await.
task<> published_later() {
    const topic<item> news("news that were written before");
    auto first = news.publish({1});
    auto second = news.publish({2});
    const auto one = co_await subscriber(news);
    const publication done = co_await std::move(second);
    CHECK(done == publication{1, 0});
    const publication too = co_await std::move(first);
    CHECK(too == publication{1, 0});
    const auto numbers = co_await one.ask(seen{});
    CHECK(numbers == std::vector<int>{2, 1});
    co_await end(one);
}

task<> waits_for_room() {
    const topic<item> news("news to slow readers");
    const troupe::queue<int> go_on;
    const auto slow = co_await full_subscriber(news, go_on);
    const auto slower = co_await full_subscriber(news, go_on);
    const auto quick = co_await subscriber(news);
    const publication skipped = news.try_publish({1});
    CHECK(skipped == publication{1, 2});
    const auto first = co_await troupe::when_any(news.publish({2}), troupe::sleep_for(5ms));
    CHECK(first.index() == 1);
    const auto numbers = co_await quick.ask(seen{});
    CHECK(numbers == numbers_to(2));  // nobody waits for the slow ones but the publisher
    co_await go_on.put(0);
    co_await go_on.put(0);
    const publication done = co_await news.publish({3});
    CHECK(done == publication{3, 0});
    for (const auto& one : {slow, slower, quick}) {
        const auto last = co_await one.ask(seen{});
        CHECK(last.back() == 3);
        co_await end(one);
    }
}

task<> skips() {
    const topic<item> news("news to whom may miss some");
    const troupe::queue<int> go_on;
    const auto slow = co_await full_subscriber(news, go_on, overflow::skip);
    const auto quick = co_await subscriber(news);
    const publication done = co_await news.publish({1});
    CHECK(done == publication{1, 1});
    co_await news.subscribe(slow);  // now it is waited for
    const auto first = co_await troupe::when_any(news.publish({2}), troupe::sleep_for(5ms));
    CHECK(first.index() == 1);
    co_await go_on.put(0);
    co_await end(slow);
    co_await end(quick);
}

task<> publishes(topic<item> to, int number) { co_await to.publish({number}); }

task<> not_waited_for_for_ever() {
    const topic<item> news("news to whom goes away");
    const troupe::queue<int> go_on;
    const auto dies = co_await full_subscriber(news, go_on);
    const auto stops = co_await full_subscriber(news, go_on);
    const auto leaves = co_await full_subscriber(news, go_on);
    const auto publisher = co_await troupe::spawn<publishes>(news, 1);
    dies.kill();
    stops.stop();
    co_await news.unsubscribe(leaves);
    co_await go_on.put(0);  // to `stops` or to `leaves`: neither may hold up the publisher
    co_await go_on.put(0);
    const auto end_of_it = co_await publisher.join();
    CHECK(end_of_it.success());
    co_await dies.join();
    co_await stops.join();
    co_await end(leaves);
}

task<> leaves_while_it_is_waited_for() {
    const topic<item> news("news to whom unsubscribes");
    const troupe::queue<int> go_on;
    const auto leaves = co_await full_subscriber(news, go_on);
    auto wait = [](topic<item> to) -> task<publication> { co_return co_await to.publish({1}); };
    auto leave = [](topic<item> to, reader_reference who) -> task<> { co_await to.unsubscribe(who); };
    const auto both = co_await troupe::when_all(wait(news), leave(news, leaves));
    CHECK(std::get<0>(both) == publication{});
    co_await go_on.put(0);
    co_await end(leaves);
}

task<> over_a_restart() {
    const topic<item> news("news that last");
    troupe::supervisor crew({.max_restarts = 5});
    const auto one = co_await crew.spawn<reader>({});
    co_await news.subscribe(one);
    co_await one.send(die{});
    co_await news.publish({1});  // to the dead one's mailbox, or the next one's
    while (crew.restarts() == 0) co_await troupe::sleep_for(1ms);
    CHECK(news.subscribers() == 1);
    co_await news.publish({2});
    const auto numbers = co_await one.ask(seen{});
    CHECK(numbers == numbers_to(2));
    co_await crew.stop();
    CHECK(news.subscribers() == 0);
}

task<> large_ones() {
    const topic<large> news("large news");
    std::vector<reader_reference> readers;
    for (int i = 0; i < 4; ++i) {
        readers.push_back(co_await troupe::spawn<reader>());
        co_await news.subscribe(readers.back());
    }
    for (const int i : numbers_to(20)) co_await news.publish({i, std::string(1 << 20, 'x')});
    for (const auto& one : readers) {
        const auto numbers = co_await one.ask(seen{});
        CHECK(numbers == numbers_to(20));
        co_await end(one);
    }
}

task<> shared_ones() {
    const topic<what_is_shared> news("shared news");
    std::vector<reader_reference> readers;
    for (int i = 0; i < 3; ++i) {
        readers.push_back(co_await troupe::spawn<reader>());
        co_await news.subscribe(readers.back());
    }
    troupe::queue<int> numbers;
    troupe::shared_array<int> array(1);
    array[0] = 40;
    co_await array.freeze();
    const publication done = co_await news.publish({numbers, array});
    CHECK(done == publication{3, 0});
    for (int i = 0; i < 3; ++i) co_await numbers.put(2);
    for (const auto& one : readers) {
        const auto got = co_await one.ask(seen{});
        CHECK(got == std::vector<int>{42});
        co_await end(one);
    }
}

task<> subscribes_late(mailbox<item> inbox, topic<item> to) {
    co_await to.subscribe(inbox.address());
    co_await inbox.receive();
}

task<> waited_for() {
    const topic<item> news("news for two");
    std::vector<actor<item>> readers;
    for (int i = 0; i < 2; ++i) readers.push_back(co_await troupe::spawn<subscribes_late>(news));
    co_await news.wait_for_subscribers(2);
    const publication done = co_await news.publish({1});
    CHECK(done == publication{2, 0});
    for (const auto& one : readers) co_await one.join();
    const auto first = co_await troupe::when_any(news.wait_for_subscribers(1), troupe::yield());
    CHECK(first.index() == 1);
}

// A topic that is named in other processes, or that has travelled, is the same one.
task<> the_same_everywhere() {
    const topic<item> news("the same"), again("the same"), other("another");
    CHECK(news == again);
    CHECK_FALSE(news == other);
    CHECK(other.name() == "another");
    const auto one = co_await subscriber(again);
    CHECK(news.subscribers() == 1);
    CHECK(other.subscribers() == 0);
    const auto publisher = co_await troupe::spawn<publishes>(news, 1);
    co_await publisher.join();
    const auto numbers = co_await one.ask(seen{});
    CHECK(numbers == numbers_to(1));
    co_await end(one);
}

// Slots are used again, and so are mailboxes: what is published must not get to a stranger.
task<> never_to_the_next_actor() {
    const topic<item> news("news for mortals");
    for (int i = 0; i < 50; ++i) {
        const auto one = co_await subscriber(news);
        one.kill();
        co_await one.join();
        const auto other = co_await troupe::spawn<reader>();
        co_await news.publish({i});
        const auto numbers = co_await other.ask(seen{});
        if (!numbers.empty()) FAIL("a stranger was reached");
        co_await end(other);
    }
    CHECK(news.subscribers() == 0);
}

}  // namespace

TEST_CASE("topic: what is published reaches every subscriber, in the order of its publisher") {
    watched(published_to_all());
}
TEST_CASE("topic: whoever has unsubscribed gets nothing more") { watched(no_more()); }
TEST_CASE("topic: what was to be published reaches who has subscribed by the await") { watched(published_later()); }
TEST_CASE("topic: publish waits for full mailboxes, and the other subscribers do not") { watched(waits_for_room()); }
TEST_CASE("topic: a subscriber that may miss some is skipped, and counted") { watched(skips()); }
TEST_CASE("topic: a subscriber that dies, stops or leaves holds up no publisher") {
    watched(not_waited_for_for_ever());
}
TEST_CASE("topic: a publisher that waits hears of a subscriber that leaves") {
    watched(leaves_while_it_is_waited_for());
}
TEST_CASE("topic: a subscriber that is started again is still one") { watched(over_a_restart()); }
TEST_CASE("topic: large messages are encoded once, and each subscriber has its own") { watched(large_ones()); }
TEST_CASE("topic: queues and frozen arrays can be published") { watched(shared_ones()); }
TEST_CASE("topic: one can wait for subscribers") { watched(waited_for()); }
TEST_CASE("topic: it is the same one wherever it is named") { watched(the_same_everywhere()); }
TEST_CASE("topic: the next actor of a dead subscriber's slot gets nothing") { watched(never_to_the_next_actor()); }
