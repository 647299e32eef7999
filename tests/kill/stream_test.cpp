// Streams whose users are killed from outside, at moments that nobody chose.
#include <chrono>
#include <csignal>
#include <map>
#include <random>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "kill/remains.hpp"

using namespace std::chrono_literals;

namespace {

constexpr int kills = 60;

struct item {
    int producer = 0;
    int number = 0;
};

// Puts until it is killed.
troupe::task<> produce(troupe::queue<item> q, int me) {
    for (int i = 0;; ++i) co_await q.put({me, i});
}

// Per producer: the next number that is expected.
using expected = std::map<int, int>;

void check_in_order(expected& next, const item& one) {
    INFO("producer " << one.producer);
    if (next[one.producer] != one.number) CHECK(next[one.producer] == one.number);
    next[one.producer] = one.number + 1;
}

troupe::task<> kill_producers(std::mt19937& random) {
    troupe::queue<item> q({.capacity = 64});
    expected next;
    std::vector<troupe::actor<>> producers;
    int made = 0;
    for (; made < 3; ++made) producers.push_back(co_await troupe::spawn<&produce>(q, made));
    for (int n = 0; n < kills; ++n) {
        for (int i = static_cast<int>(random() % 300); i >= 0; --i) {
            const auto one = co_await q.get();
            check_in_order(next, *one);
        }
        troupe::actor<>& victim = producers[random() % producers.size()];
        victim.kill();
        const auto end = co_await victim.join();
        CHECK(end.code() == -SIGKILL);
        victim = co_await troupe::spawn<&produce>(q, made++);
    }
    for (const auto& one : producers) one.kill();
    for (const auto& one : producers) co_await one.join();
    q.close();
    while (const auto one = co_await q.get()) check_in_order(next, *one);
}

// Passes on all it gets; what it has in hand when it is killed is lost with it, and nothing else.
troupe::task<> relay(troupe::queue<item> from, troupe::queue<item> to) {
    while (const auto one = co_await from.get()) co_await to.put(*one);
}

troupe::task<> feed(troupe::queue<item> q, int how_many) {
    for (int i = 0; i < how_many; ++i) co_await q.put({0, i});
    q.close();
}

troupe::task<> kill_consumers(std::mt19937& random) {
    constexpr int items = 30'000;
    troupe::queue<item> in({.capacity = 64}), out({.capacity = 64});
    auto source = co_await troupe::spawn<&feed>(in, items);
    std::vector<troupe::actor<>> relays;
    for (int i = 0; i < 3; ++i) relays.push_back(co_await troupe::spawn<&relay>(in, out));
    std::vector<bool> seen(items);
    int doubled = 0, count = 0, killed = 0;
    const auto take = [&](const item& one) {
        if (seen[static_cast<std::size_t>(one.number)]) ++doubled;
        seen[static_cast<std::size_t>(one.number)] = true;
        ++count;
    };
    while (killed < kills && in.size() > 0) {
        for (int i = static_cast<int>(random() % 300); i >= 0 && in.size() > 0; --i) {
            const auto one = co_await out.get();
            take(*one);
        }
        troupe::actor<>& victim = relays[random() % relays.size()];
        victim.kill();
        co_await victim.join();
        ++killed;
        victim = co_await troupe::spawn<&relay>(in, out);
    }
    auto ends = [](std::vector<troupe::actor<>> all, troupe::queue<item> q) -> troupe::task<> {
        for (const auto& one : all) co_await one.join();
        q.close();
    };
    co_await troupe::when_all(ends(relays, out), [](troupe::queue<item> q, auto& each) -> troupe::task<> {
        while (const auto one = co_await q.get()) each(*one);
    }(out, take));
    const auto fed = co_await source.join();
    CHECK(fed.success());
    INFO(killed << " were killed, " << items - count << " items went with them");
    CHECK(doubled == 0);
    CHECK(items - count <= killed);
}

// An actor that is killed under many senders: each is told, and none hears anything else.
troupe::task<> swallow(troupe::mailbox<item> box) {
    while (co_await box.receive()) {
    }
}

troupe::task<int> send_until_it_dies(troupe::actor<item> to) {
    try {
        for (int i = 0;; ++i) co_await to.send(item{0, i});
    } catch (const troupe::actor_died& death) {
        if (death.status().code() != -SIGKILL) throw;
        co_return 0;
    }
}

troupe::task<> kill_receivers(std::mt19937& random) {
    for (int n = 0; n < kills / 4; ++n) {
        auto receiver = co_await troupe::spawn<&swallow>(troupe::spawn_options{.mailbox = 64 << 10});
        auto one = co_await troupe::spawn<&send_until_it_dies>(receiver);
        auto other = co_await troupe::spawn<&send_until_it_dies>(receiver);
        co_await troupe::sleep_for(std::chrono::microseconds(random() % 5000));
        receiver.kill();
        const auto [first, second] = co_await troupe::when_all(one.join(), other.join());
        INFO(to_string(first) << "; " << to_string(second));
        CHECK(first.success());
        CHECK(second.success());
    }
}

void play(troupe::task<> (*stream)(std::mt19937&)) {
    const unsigned seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const auto before = killing::remains::nothing();
    troupe::sync_wait(troupe::with_timeout(120s, stream(random)));
    CHECK(killing::remains::settled(before) == before);
}

}  // namespace

TEST_CASE("stream: producers killed at random lose nothing that they had put, and keep their order") {
    play(&kill_producers);
}

TEST_CASE("stream: consumers killed at random take with them what they had in hand, and nothing else") {
    play(&kill_consumers);
}

TEST_CASE("stream: whoever sends to an actor that is killed at a random moment is told") { play(&kill_receivers); }
