// References and what is sent to them: results, order, equality, and the actor that is no more.
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <variant>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::actor;
using troupe::mailbox;
using troupe::queue;
using troupe::send_result;
using troupe::spawn;
using troupe::task;

struct word {
    std::string text;
};
struct number {
    int value = 0;
};
struct introduce {
    actor<word> who;
};

// --- actors

task<> wait_for_gate(mailbox<word, number> inbox, queue<int> gate, queue<std::string> told) {
    co_await gate.get();
    while (auto m = co_await inbox.receive()) {
        co_await told.put(m->index() == 0 ? std::get<word>(*m).text : std::to_string(std::get<number>(*m).value));
    }
}
task<> numbers_first(mailbox<word, number> inbox, queue<int> gate, queue<std::string> told) {
    co_await gate.get();
    for (int i = 0; i < 3; ++i) co_await told.put(std::to_string((co_await inbox.receive<number>())->value));
    while (auto m = co_await inbox.receive()) {
        co_await told.put(m->index() == 0 ? std::get<word>(*m).text : std::to_string(std::get<number>(*m).value));
    }
}
task<> give_up_and_receive(mailbox<word> inbox, queue<int> gate, queue<std::string> told) {
    for (int i = 0; i < 20; ++i) {
        try {
            co_await troupe::with_timeout(0ms, inbox.receive());
        } catch (const troupe::timed_out&) {
        }
        co_await troupe::when_any(inbox.receive<word>(), troupe::yield());
    }
    co_await gate.put(0);
    while (auto m = co_await inbox.receive()) co_await told.put(m->text);
}
task<> greet_others(mailbox<introduce> inbox) {
    co_await inbox.serve([](introduce m) -> task<> { co_await m.who.send(word{"hello"}); });
}
task<> introduce_myself(mailbox<word> inbox, actor<introduce> to, queue<std::string> told) {
    co_await to.send(introduce{inbox.address()});
    co_await told.put((co_await inbox.receive())->text);
}
task<> throw_at(mailbox<number> inbox) {
    co_await inbox.serve([](number n) {
        if (n.value < 0) throw std::runtime_error("below zero");
    });
}

// --- bodies

task<> stop_and_join(actor<> one) {
    one.stop();
    co_await one.join();
}
task<std::vector<std::string>> end_and_hear(actor<> one, queue<std::string> told) {
    one.stop();
    co_await one.join();
    told.close();
    std::vector<std::string> lines;
    while (auto line = co_await told.get()) lines.push_back(*line);
    co_return lines;
}

task<> results_of_try_send() {
    queue<int> gate;
    queue<std::string> told({.capacity = 100'000});
    const auto one = co_await spawn<wait_for_gate>({.mailbox = 64 << 10}, gate, told);
    int sent = 0;
    while (one.try_send(number{sent}) == send_result::sent) ++sent;
    REQUIRE(sent > 100);
    REQUIRE(one.try_send(number{0}) == send_result::full);
    const auto first = co_await troupe::when_any(one.send(number{-1}), troupe::sleep_for(5ms));
    REQUIRE(first.index() == 1);
    co_await gate.put(0);
    co_await one.send(word{"last"});  // waits for room
    const auto lines = co_await end_and_hear(one, told);
    REQUIRE(lines.size() == static_cast<std::size_t>(sent) + 1);
    REQUIRE(lines.back() == "last");
    for (int i = 0; i < sent; ++i) {
        if (lines[static_cast<std::size_t>(i)] != std::to_string(i)) FAIL("out of order at " << i);
    }
    REQUIRE(one.try_send(number{0}) == send_result::gone);
}

task<std::vector<std::string>> selective() {
    queue<int> gate;
    queue<std::string> told;
    const auto one = co_await spawn<numbers_first>(gate, told);
    co_await one.send(word{"a"});
    co_await one.send(number{1});
    co_await one.send(word{"b"});
    co_await one.send(number{2});
    co_await one.send(number{3});
    co_await one.send(word{"c"});
    co_await one.send(number{4});
    co_await gate.put(0);
    co_return co_await end_and_hear(one, told);
}

task<std::vector<std::string>> taken_nothing() {
    queue<int> gate;
    queue<std::string> told;
    const auto one = co_await spawn<give_up_and_receive>(gate, told);
    co_await gate.get();
    for (const char* text : {"1", "2", "3"}) co_await one.send(word{text});
    co_return co_await end_and_hear(one, told);
}

task<> sent_in_message() {
    queue<std::string> told;
    const auto greeter = co_await spawn<greet_others>();
    const auto one = co_await spawn<introduce_myself>(greeter, told);
    const auto told_item = co_await told.get();
    REQUIRE(*told_item == "hello");
    co_await one.join();
    co_await stop_and_join(greeter);
}

task<> equal_and_hashed() {
    const auto a = co_await spawn<greet_others>();
    const auto b = co_await spawn<greet_others>();
    const auto copy = a;
    REQUIRE(a == copy);
    REQUIRE_FALSE(a == b);
    std::unordered_set<actor<introduce>> set{a, b, copy};
    REQUIRE(set.size() == 2);
    co_await stop_and_join(a);
    co_await stop_and_join(b);
    REQUIRE(a == copy);
}

task<> handler_throws() {
    const auto one = co_await spawn<throw_at>();
    co_await one.send(number{1});
    co_await one.send(number{-1});
    const auto status = co_await one.join();
    REQUIRE(status.code() == 1);
    REQUIRE(status.exception_text() == "below zero");
}

task<> no_actor() {
    const actor<word> nobody;
    REQUIRE_FALSE(nobody);
    REQUIRE_THROWS_AS(nobody.try_send(word{"x"}), troupe::misuse);
    REQUIRE_THROWS_AS(nobody.kill(), troupe::misuse);
    bool refused = false;
    try {
        co_await nobody.join();
    } catch (const troupe::misuse&) {
        refused = true;
    }
    REQUIRE(refused);
}

}  // namespace

TEST_CASE("try_send: sent, full or gone; send waits while the mailbox is full") { watched(results_of_try_send()); }

TEST_CASE("receive<M>: takes the next of its type, and the others keep their order") {
    CHECK(watched(selective()) == std::vector<std::string>{"1", "2", "3", "a", "b", "c", "4"});
}

TEST_CASE("receive: one that lost a race or its time has taken nothing") {
    CHECK(watched(taken_nothing()) == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE("serve: what the handler of a plain message throws ends the actor") { watched(handler_throws()); }

TEST_CASE("a reference: it travels in a message, and leads back to its actor") { watched(sent_in_message()); }

TEST_CASE("a reference: copies are equal and hash alike, references to two actors are not") {
    watched(equal_and_hashed());
}

TEST_CASE("a reference: narrows to fewer messages, and never widens") {
    CHECK(std::is_convertible_v<actor<word, number>, actor<number>>);
    CHECK(std::is_convertible_v<actor<word, number>, actor<number, word>>);
    CHECK(std::is_convertible_v<actor<word>, actor<>>);
    CHECK_FALSE(std::is_convertible_v<actor<word>, actor<word, number>>);
    CHECK_FALSE(std::is_constructible_v<actor<word>, actor<number>>);
}

TEST_CASE("a reference: default-constructed it names nobody, and using it is misuse") { watched(no_actor()); }
