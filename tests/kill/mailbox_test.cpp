// Mailboxes whose senders, and whose owners, are killed at every step.
#include <chrono>
#include <csignal>
#include <thread>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "channel/participant.hpp"
#include "kill/warrant.hpp"

using namespace std::chrono_literals;
using troupe::actor, troupe::mailbox;

namespace {

constexpr int messages = 3;

struct number {
    int value = 0;
};
struct everything_so_far {
    using reply = std::vector<int>;
};
struct twice {
    int value = 0;
    using reply = int;
};

troupe::task<> collect(mailbox<number, everything_so_far> box) {
    std::vector<int> numbers;
    co_await box.serve([&](number n) { numbers.push_back(n.value); }, [&](everything_so_far) { return numbers; });
}

troupe::task<> double_all(mailbox<twice> box) {
    co_await box.serve([](twice t) { return 2 * t.value; });
}

// --- the sender

troupe::task<> send_some(actor<number> to) {
    killing::take_warrant();
    for (int i = 1; i <= messages; ++i) {
        co_await to.send(number{i});
        killing::note(i);
    }
}

troupe::task<troupe::exit_status> killed_while_sending() {
    auto collector = co_await troupe::spawn<&collect>();
    co_await collector.send(number{0});
    const auto end = co_await (co_await troupe::spawn<&send_some>(actor<number>(collector))).join();
    co_await collector.send(number{100});  // the others go on
    const std::vector<int> got = co_await collector.ask(everything_so_far{});
    INFO("died at " << killing::place_of_death() << ", noted " << killing::noted() << ", got " << got.size());
    const int last = static_cast<int>(got.size()) - 2;
    CHECK(last >= killing::noted());
    CHECK(last <= killing::noted() + 1);
    for (int i = 0; i <= last; ++i) CHECK(got[static_cast<std::size_t>(i)] == i);
    CHECK(got.back() == 100);
    collector.stop();
    const auto collector_status = co_await collector.join();
    CHECK(collector_status.success());
    co_return end;
}

// --- the receiver

troupe::task<> receive_some(mailbox<number> box) {
    killing::take_warrant();
    for (int expected = 0; expected < messages; ++expected) {
        const auto next = co_await box.receive();
        if (!next || next->value != expected) throw std::logic_error("out of order");
        killing::note(expected + 1);
    }
}

// Sends until the receiver is dead, and more than its mailbox holds.
troupe::task<int> send_to_the_end(actor<number> to) {
    try {
        for (int i = 0;; ++i) co_await to.send(number{i});
    } catch (const troupe::actor_died&) {
        co_return 0;
    }
}

troupe::task<troupe::exit_status> killed_while_receiving() {
    auto receiver = co_await troupe::spawn<&receive_some>(troupe::spawn_options{.mailbox = 64 << 10});
    auto sender = co_await troupe::spawn<&send_to_the_end>(receiver);
    const auto end = co_await receiver.join();
    const auto sender_status = co_await sender.join();
    CHECK(sender_status.success());
    CHECK(receiver.try_send(number{}) == troupe::send_result::gone);
    co_return end;
}

// A mailbox that is empty when the receiver comes: it parks, and is rung.
troupe::task<> receive_and_answer(mailbox<twice> box) {
    killing::take_warrant();
    for (int i = 0; i < messages; ++i) {
        auto next = co_await box.receive();
        if (!next) co_return;
        next->reply(2 * next->value);
        killing::note(i + 1);
    }
}

troupe::task<troupe::exit_status> killed_while_answering() {
    auto victim = co_await troupe::spawn<&receive_and_answer>();
    int answered = 0;
    try {
        for (int i = 0; i < messages; ++i) {
            co_await killing::asleep(victim.id());
            const int answer = co_await victim.ask(twice{i});
            CHECK(answer == 2 * i);
            ++answered;
        }
    } catch (const troupe::actor_died& death) {
        CHECK(death.status().code() == -9);
    }
    CHECK(answered >= killing::noted());
    CHECK(answered <= killing::noted() + 1);
    co_return co_await victim.join();
}

// One that dies before it notes that it has answered: who asked is told a second time, and asks no more.
troupe::task<troupe::exit_status> killed_when_it_has_answered() {
    troupe::supervisor crew({.max_restarts = 5});
    const auto victim = co_await crew.spawn<&receive_and_answer>({}, {.name = "victim"});
    try {
        const int answer = co_await victim.ask(twice{21});
        CHECK(answer == 42);
    } catch (const troupe::actor_died& death) {
        CHECK(death.status().code() == -SIGKILL);
    }
    while (killing::noted() == 0 && crew.restarts() == 0) co_await troupe::sleep_for(1ms);
    co_await crew.stop();
    const bool died = !killing::place_of_death().empty();
    co_return died ? troupe::exit_status::from_signal(SIGKILL, false) : troupe::exit_status::from_exit(0);
}

// --- the sender's way to the mailbox

troupe::task<> dies_while_it_is_looked_up() {
    auto receiver = co_await troupe::spawn<&collect>();
    const auto& memory = troupe::channel::participant::here().memory();
    const auto& mailbox = memory.channel(memory.process(receiver.id().slot()).who.mailbox.index().value());
    const auto name = mailbox.name();
    bool came_there = false;
    killing::at_own_step("participant: mailbox named", [&] {
        came_there = true;
        receiver.kill();
        while (mailbox.name() == name) std::this_thread::yield();  // until it is given back
    });
    const troupe::send_result result = receiver.try_send(number{1});
    killing::at_own_step("", nullptr);
    CHECK(came_there);
    CHECK(result == troupe::send_result::gone);
    CHECK_THROWS_AS(co_await receiver.send(number{2}), troupe::actor_died);
}

// --- who asks

troupe::task<> ask_some(actor<twice> whom) {
    killing::take_warrant();
    for (int i = 1; i <= messages; ++i) {
        if (co_await whom.ask(twice{i}) != 2 * i) throw std::logic_error("a wrong answer");
        killing::note(i);
    }
}

troupe::task<troupe::exit_status> killed_while_asking() {
    auto server = co_await troupe::spawn<&double_all>();
    const auto end = co_await (co_await troupe::spawn<&ask_some>(server)).join();
    const int answer = co_await server.ask(twice{21});
    CHECK(answer == 42);
    server.stop();
    const auto server_status = co_await server.join();
    CHECK(server_status.success());
    co_return end;
}

}  // namespace

TEST_CASE("mailbox: a sender killed at any step leaves what it had sent, in its order, and nothing half") {
    CHECK(killing::dies_at_each(
        {"ring: before claim", "ring: claimed", "ring: advanced", "ring: before commit", "ring: committed"},
        &killed_while_sending));
}

TEST_CASE("mailbox: those who send to a receiver that is killed are told, also while the mailbox is full") {
    CHECK(killing::dies_at_each(
        {"ring: before consume", "ring: consumed", "inbox: letter in hand", "inbox: letter finished"},
        &killed_while_receiving));
}

TEST_CASE("mailbox: a request is answered or ends with actor_died, whenever the actor is killed") {
    CHECK(killing::dies_at_each({"ring: parked", "ring: claimed", "ring: committed"}, &killed_while_answering));
}

TEST_CASE("mailbox: an actor that dies as soon as it has answered is forgotten, though nobody asks again") {
    CHECK(killing::dies_at_each({"in hand: answered"}, &killed_when_it_has_answered));
}

TEST_CASE("mailbox: an actor that dies while its mailbox is looked up is dead to the sender") {
    troupe::sync_wait(troupe::with_timeout(20s, dies_while_it_is_looked_up()));
}

TEST_CASE("mailbox: an asker killed at any step does no harm to whom it asked") {
    CHECK(killing::dies_at_each({"channel: claimed", "channel: has a ring", "ring: committed"}, &killed_while_asking));
}
