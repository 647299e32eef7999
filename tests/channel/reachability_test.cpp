// Queues and pipes that hold one another: freed when nobody can reach them, and never while somebody can.
#include <algorithm>
#include <chrono>
#include <vector>

#include <troupe/troupe.hpp>

#include "actor/own_process.hpp"
#include "catch.hpp"
#include "kill/remains.hpp"
#include "watched.hpp"

using namespace std::chrono_literals;

namespace {

struct node {
    std::vector<troupe::queue<node>> next;
    int number = 0;
};
struct carry;
using wire = troupe::connection<carry, carry>;
struct carry {
    int number = 0;
    std::vector<wire> ends{};
};

constexpr std::size_t many = 2000;

troupe::task<> nothing_is_left() {
    using troupe::keepers::keeper_word;
    while (killing::remains::now() != killing::remains::nothing()) {
        troupe::actors::own_process::here().tell_keeper({.word = keeper_word::room_wanted});
        co_await troupe::sleep_for(1ms);
    }
}

// Without anybody asking for room.
troupe::task<> few_are_left() {
    using troupe::keepers::keeper_word;
    while (killing::remains::now().channels > many / 4) {
        troupe::actors::own_process::here().tell_keeper({.word = keeper_word::slots_wanted});
        co_await troupe::sleep_for(1ms);
    }
}

troupe::task<> queues_in_themselves(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        troupe::queue<node> one({.capacity = 16});
        co_await one.put(node{{one}, 1});
    }
}

troupe::task<> queues_in_each_other(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        troupe::queue<node> one({.capacity = 16}), other({.capacity = 16});
        co_await one.put(node{{other}, 1});
        co_await other.put(node{{one, other}, 2});
    }
}

troupe::task<> ends_through_their_own_pipe(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        auto [one, other] = troupe::pipe<carry, carry>();
        carry message;
        message.ends.push_back(std::move(other));
        co_await one.send(std::move(message));
    }
}

// A chain: the first queue holds the second, and so on. The last one is reached through all of them.
troupe::task<> follow_a_chain() {
    constexpr int length = 300;
    troupe::queue<node> first({.capacity = 16});
    {
        troupe::queue<node> last = first;
        for (int i = 0; i < length; ++i) {
            troupe::queue<node> next({.capacity = 16});
            co_await last.put(node{{next, last}, i});  // a cycle in each, too
            last = next;
        }
        co_await last.put(node{{}, length});
    }
    co_await queues_in_themselves(1000);  // many are collected meanwhile
    for (int i = 0; i < length; ++i) {
        auto one = co_await first.get();
        REQUIRE(one.has_value());
        REQUIRE(one->number == i);
        first = one->next.front();
    }
    const auto end = co_await first.get();
    REQUIRE(end.has_value());
    CHECK(end->number == length);
}

// Takes queues out of one and puts them into the other, while others are collected: nothing that is on its way is lost.
troupe::task<> pass_on(troupe::queue<node> from, troupe::queue<node> to) {
    while (auto one = co_await from.get()) {
        for (troupe::queue<node>& inner : one->next) {
            auto content = co_await inner.get();
            if (!content) co_return;
            co_await inner.put(std::move(*content));
        }
        co_await to.put(std::move(*one));
    }
}

troupe::task<> move_while_others_are_collected() {
    constexpr int kept = 100, rounds = 40;
    troupe::queue<node> there({.capacity = 4096}), back({.capacity = 4096});
    std::vector<troupe::actor<>> crew;
    for (int i = 0; i < 2; ++i) {
        crew.emplace_back(co_await troupe::spawn<pass_on>(there, back));
        crew.emplace_back(co_await troupe::spawn<pass_on>(back, there));
    }
    for (int i = 0; i < kept; ++i) {
        troupe::queue<node> inner({.capacity = 16});
        co_await inner.put(node{{}, i});
        co_await there.put(node{{inner}, i});
    }
    for (int i = 0; i < rounds; ++i) {
        co_await queues_in_each_other(20);
        troupe::actors::own_process::here().tell_keeper({.word = troupe::keepers::keeper_word::room_wanted});
        for (const auto& one : crew) REQUIRE(one.alive());
    }
    std::vector<bool> found(kept);
    for (int i = 0; i < kept; ++i) {
        auto one = co_await there.get();
        REQUIRE(one.has_value());
        REQUIRE(one->next.size() == 1);
        const auto content = co_await one->next.front().get();
        REQUIRE(content.has_value());
        found[static_cast<std::size_t>(content->number)] = true;
    }
    CHECK(std::count(found.begin(), found.end(), true) == kept);
    there.close();
    back.close();
    for (const auto& one : crew) co_await one.join();
}

}  // namespace

TEST_CASE("queue: those that lie in themselves are freed when nobody can reach them") {
    watched(queues_in_themselves(many));
    watched(few_are_left());
    watched(nothing_is_left());
}

TEST_CASE("queue: those that lie in each other are freed when nobody can reach them") {
    watched(queues_in_each_other(many / 2));
    watched(few_are_left());
    watched(nothing_is_left());
}

TEST_CASE("pipe: an end that was sent through its own pipe is freed with it") {
    watched(ends_through_their_own_pipe(many / 2));
    watched(few_are_left());
    watched(nothing_is_left());
}

TEST_CASE("queue: one that can be reached through many others is not freed") {
    watched(follow_a_chain());
    watched(nothing_is_left());
}

TEST_CASE("queue: none is lost that moves while others are freed") {
    watched(move_while_others_are_collected());
    watched(nothing_is_left());
}
