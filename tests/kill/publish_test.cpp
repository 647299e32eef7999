// Publishers that are killed at every step, and actors that die while others look them up by name.
#include <csignal>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/warrant.hpp"
#include "watched.hpp"

using troupe::actor, troupe::mailbox, troupe::task;

namespace {

constexpr int messages = 3;

struct number {
    int value = 0;
    std::string bytes;
};
struct everything_so_far {
    using reply = std::vector<int>;
};

task<> collect(mailbox<number, everything_so_far> box) {
    std::vector<int> numbers;
    co_await box.serve([&](const number& n) { numbers.push_back(n.value); },
                       [&](everything_so_far) { return numbers; });
}

// --- the publisher

task<> publish_some(troupe::topic<number> to, std::size_t bytes) {
    killing::take_warrant();
    for (int i = 1; i <= messages; ++i) {
        co_await to.publish({i, std::string(bytes, 'x')});
        killing::note(i);
    }
}

task<troupe::exit_status> killed_while_publishing_so_many(std::size_t bytes) {
    const troupe::topic<number> news("news");
    std::vector<actor<number, everything_so_far>> readers;
    for (int i = 0; i < 3; ++i) {
        readers.push_back(co_await troupe::spawn<collect>());
        co_await news.subscribe(readers.back());
    }
    const auto publisher = co_await troupe::spawn<publish_some>(news, bytes);
    const auto end = co_await publisher.join();
    co_await news.publish({100, ""});  // the others go on
    for (const auto& one : readers) {
        const auto got = co_await one.ask(everything_so_far{});
        INFO("died at " << killing::place_of_death() << ", noted " << killing::noted() << ", got " << got.size());
        const int last = static_cast<int>(got.size()) - 1;
        CHECK(last >= killing::noted());
        CHECK(last <= killing::noted() + 1);
        for (int i = 0; i < last; ++i) CHECK(got[static_cast<std::size_t>(i)] == i + 1);
        CHECK(got.back() == 100);
        one.stop();
        co_await one.join();
    }
    co_return end;
}
task<troupe::exit_status> killed_while_publishing() { return killed_while_publishing_so_many(10); }
task<troupe::exit_status> killed_while_publishing_large() { return killed_while_publishing_so_many(10'000); }

// --- who subscribes, and who claims a name

task<> list_itself(mailbox<number> box) {
    killing::take_warrant();
    const troupe::topic<number> news("news of the killed");
    co_await news.subscribe(box.address());
    co_await troupe::claim_name("victim", box.address());
    killing::note(1);
    co_await news.unsubscribe(box.address());
    co_await troupe::release_name("victim");
    killing::note(2);
}

task<troupe::exit_status> killed_while_it_is_listed() {
    const troupe::topic<number> news("news of the killed");
    const auto victim = co_await troupe::spawn<list_itself>();
    const auto end = co_await victim.join();
    CHECK(news.subscribers() == 0);
    const auto found = co_await troupe::find_name<number>("victim");
    CHECK_FALSE(found);
    const auto done = co_await news.publish({1, ""});
    CHECK(done == troupe::publication{});
    co_return end;
}

// --- the holder of a name

task<> dies_while_it_is_looked_up() {
    const auto one = co_await troupe::spawn<collect>();
    co_await troupe::claim_name("victim", one);
    bool came_there = false;
    killing::at_own_step("name: looked up", [&] {
        came_there = true;
        one.kill();
        while (one.alive()) {
        }
    });
    const auto found = co_await troupe::find_name<number>("victim");
    killing::at_own_step("", nullptr);
    CHECK(came_there);
    CHECK_FALSE(found);
    const auto other = co_await troupe::spawn<collect>();
    co_await one.join();
    co_await troupe::claim_name("victim", other);
    const auto again = co_await troupe::find_name<number>("victim");
    CHECK(again == other);
    other.stop();
    co_await other.join();
}

// --- a subscriber

task<> dies_while_it_is_published_to() {
    const troupe::topic<number> news("news to the dying");
    const auto dying = co_await troupe::spawn<collect>();
    const auto other = co_await troupe::spawn<collect>();
    co_await news.subscribe(dying);
    co_await news.subscribe(other);
    killing::at_own_step("publish: about to reach one", [&] {
        dying.kill();
        while (dying.alive()) {
        }
    });
    const auto done = co_await news.publish({1, ""});
    killing::at_own_step("", nullptr);
    CHECK(done == troupe::publication{1, 0});
    const auto got = co_await other.ask(everything_so_far{});
    CHECK(got == std::vector<int>{1});
    other.stop();
    co_await other.join();
}

}  // namespace

TEST_CASE("topic: a publisher killed at any step has reached some, and the others go on") {
    CHECK(killing::dies_at_each(
        {"publish: about to reach one", "publish: reached one", "ring: claimed", "ring: committed"},
        &killed_while_publishing));
}

TEST_CASE("topic: a publisher of large messages killed at any step leaves no memory behind") {
    CHECK(killing::dies_at_each({"publish: about to reach one", "parcel: packed", "outbox: parcel committed"},
                                &killed_while_publishing_large));
}

TEST_CASE("names: an actor killed at any step around its claim has no name and is no subscriber") {
    CHECK(killing::dies_at_each({"lists: asked", "lists: answered"}, &killed_while_it_is_listed));
}

TEST_CASE("names: an actor that dies while it is looked up is not found") { watched(dies_while_it_is_looked_up()); }

TEST_CASE("topic: a subscriber that dies while it is published to is not reached, and the others are") {
    watched(dies_while_it_is_published_to());
}
