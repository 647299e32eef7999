// Messages that are delivered again, and those that are set aside.
#include "catch.hpp"
#include "supervise/team.hpp"
#include "watched.hpp"

using namespace team;

namespace {

// Dies of a job unless this is its incarnation `good_from` or a later one.
struct job {
    using reply = std::string;
    std::string text;
    unsigned good_from = 0;
};

troupe::task<> handler(troupe::mailbox<job> inbox) {
    co_await inbox.serve([](job m) {
        if (troupe::this_actor::incarnation() < m.good_from) die_now(SIGSEGV);
        return m.text + " by " + std::to_string(troupe::this_actor::incarnation());
    });
}

troupe::task<> delivered_until_it_works() {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<handler>({.deliveries = 3}, {.name = "smith"});
    auto both = troupe::when_all(one.ask(job{"hard", 2}, 20s), one.ask(job{"easy", 0}, 20s));
    const auto [hard, easy] = co_await std::move(both);
    CHECK(hard == "hard by 2");
    CHECK(easy == "easy by 2");
    co_await crew.stop();
}

troupe::task<> set_aside_after_enough(std::size_t text) {
    troupe::queue<troupe::dead_letter> morgue;
    troupe::supervisor crew({.dead_letters = morgue});
    auto one = co_await crew.spawn<handler>({.deliveries = 2}, {.name = "smith"});
    const std::string fatal(text, 'f');
    std::string death = "it answered";
    try {
        co_await troupe::with_timeout(20s, one.ask(job{fatal, 1000}));
    } catch (const troupe::actor_died& died) {
        death = to_string(died.status());
    }
    CHECK_THAT(death, checks::contains("SIGSEGV"));
    const auto one_answer = co_await one.ask(job{"good", 0}, 20s);
    CHECK(one_answer == "good by 2");
    const auto letter = co_await troupe::with_timeout(20s, morgue.get());
    CHECK(letter->actor == "smith");
    CHECK(letter->sender == "program");
    CHECK_THAT(letter->type, checks::contains("job"));
    CHECK(letter->deliveries == 2);
    CHECK_THAT(letter->cause, checks::contains("SIGSEGV"));
    CHECK(letter->content.size() >= text);
    CHECK(crew.dead_letters_lost() == 0);
    co_await crew.stop();
}

// Its handler receives while it has a message in hand.
troupe::task<> impatient(troupe::mailbox<job> inbox) {
    co_await inbox.serve([&](job m) -> troupe::task<std::string> {
        try {
            co_await inbox.receive<job>();
        } catch (const troupe::misuse& refused) {
            co_return m.text + ": " + refused.what();
        }
        co_return "it was given out twice";
    });
}

troupe::task<> not_received_from_its_handler() {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<impatient>({.deliveries = 2}, {.name = "smith"});
    for (const char* text : {"first", "second"}) {
        const auto said = co_await one.ask(job{text, 0}, 20s);
        CHECK_THAT(said, checks::contains(std::string(text) + ": the next message is in the hands of a handler"));
    }
    co_await crew.stop();
}

// Ended with another, in the middle of a message.
struct errand {
    int endless = 0;
};
troupe::task<> errand_boy(troupe::mailbox<errand> inbox, troupe::queue<int> begun) {
    co_await inbox.serve([&](errand m) -> troupe::task<> {
        co_await begun.put(m.endless);
        if (m.endless != 0) raise(SIGSTOP);  // it cannot unwind
    });
}

troupe::task<> set_aside_in_a_group() {
    troupe::queue<troupe::dead_letter> morgue;
    troupe::queue<int> begun;
    troupe::supervisor crew(
        {.strategy = troupe::restart_strategy::one_for_all, .max_restarts = 10, .dead_letters = morgue});
    const auto other = co_await crew.spawn<worker>({.name = "other"});
    const auto one = co_await crew.spawn<errand_boy>({.stop_budget = 20ms, .deliveries = 2}, {.name = "boy"}, begun);
    co_await one.send(errand{1});
    co_await one.send(errand{0});
    for (int i = 0; i < 2; ++i) {
        const auto next = co_await troupe::with_timeout(20s, begun.get());
        CHECK(*next == 1);
        other.kill();
    }
    const auto letter = co_await troupe::with_timeout(20s, morgue.get());
    CHECK(letter->actor == "boy");
    CHECK(letter->deliveries == 2);
    const auto last = co_await troupe::with_timeout(20s, begun.get());
    CHECK(*last == 0);
    co_await crew.stop();
}

troupe::task<> hand_in(troupe::actor<job> to, job one) { co_await to.send(std::move(one)); }

troupe::task<> sender_is_gone() {
    troupe::queue<troupe::dead_letter> morgue;
    troupe::supervisor crew({.dead_letters = morgue});
    const troupe::supervision twice{.deliveries = 2};
    const auto one = co_await crew.spawn<handler>(twice, {.name = "smith"});
    kill(one.pid(), SIGSTOP);
    const auto sender = co_await troupe::spawn<hand_in>({.name = "apprentice"}, one, job{"bad", 1000});
    co_await sender.join();
    kill(one.pid(), SIGCONT);
    const auto letter = co_await troupe::with_timeout(20s, morgue.get());
    CHECK(letter->sender == "apprentice");
    co_await crew.stop();
}

troupe::task<> full_morgue() {
    troupe::queue<troupe::dead_letter> morgue({.capacity = 1});
    troupe::supervisor crew({.max_restarts = 10, .dead_letters = morgue});
    auto one = co_await crew.spawn<handler>({.deliveries = 2}, {.name = "smith"});
    for (int i = 0; i < 2; ++i) {
        try {
            co_await troupe::with_timeout(20s, one.ask(job{"bad", 1000}));
        } catch (const troupe::actor_died&) {
        }
    }
    const auto one_answer = co_await one.ask(job{"good", 0}, 20s);
    CHECK(one_answer == "good by 4");
    CHECK(morgue.size() == 1);
    CHECK(crew.dead_letters_lost() == 1);
    co_await crew.stop();
}

troupe::task<> at_most_once_otherwise() {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<handler>({.name = "smith"});
    std::string death = "it answered";
    try {
        co_await troupe::with_timeout(20s, one.ask(job{"once", 1}));
    } catch (const troupe::actor_died&) {
        death = "it died";
    }
    CHECK(death == "it died");
    const auto one_answer = co_await one.ask(job{"good", 0}, 20s);
    CHECK(one_answer == "good by 1");
    co_await crew.stop();
}

// More requests in hand than can be listed: those that follow wait in the mailbox.
struct hold {
    using reply = int;
};
troupe::task<> hoarder(troupe::mailbox<hold, die> inbox, std::size_t most, troupe::queue<int> full) {
    std::vector<troupe::request<hold>> held;
    while (auto next = co_await inbox.receive()) {
        if (auto* one = std::get_if<troupe::request<hold>>(&*next)) held.push_back(std::move(*one));
        if (held.size() < most) continue;
        co_await full.put(1);
        for (auto& one : held) one.reply(1);
        held.clear();
    }
}

troupe::task<int> ask_many(troupe::actor<hold> of, int count) {
    int answered = 0;
    co_await troupe::task_group::run([&](troupe::task_group& group) -> troupe::task<> {
        for (int i = 0; i < count; ++i) {
            group.start([](troupe::actor<hold> one, int* into) -> troupe::task<> {
                *into += co_await one.ask(hold{}, 60s);
            }(of, &answered));
        }
        co_await group.join();
    });
    co_return answered;
}

troupe::task<> requests_in_hand() {
    troupe::queue<int> full;
    troupe::supervisor crew;
    auto one = co_await crew.spawn<hoarder>({}, std::size_t{100}, full);
    const auto answers = co_await ask_many(one, 300);
    CHECK(answers == 300);
    CHECK(full.size() == 3);
    co_await crew.stop();
}

// With as many in hand as there can be, it waits at a pipe, which is gone when it answers.
struct take {
    troupe::connection<int, int> other;
};
troupe::task<> hoarder_at_a_pipe(troupe::mailbox<hold, take> inbox, troupe::queue<int> full) {
    constexpr std::size_t most_in_hand = 128;
    std::vector<troupe::request<hold>> held;
    while (held.size() < most_in_hand) {
        auto next = co_await inbox.receive<hold>();
        if (!next) co_return;
        held.push_back(*std::move(next));
    }
    co_await full.put(1);
    {
        const auto gone = co_await inbox.receive<take>();
        while (co_await gone->other.receive()) continue;
    }
    for (auto& one : held) one.reply(1);
    while (auto next = co_await inbox.receive<hold>()) next->reply(1);
}

troupe::task<bool> end_when(troupe::queue<int> full, troupe::actor<hold, take> one) {
    auto [other, its] = troupe::pipe<int, int>();
    const auto come = co_await full.get();
    co_await one.send(take{std::move(its)});
    for (int i = 0; i < 10; ++i) {
        co_await troupe::yield();
        co_await other.send(i);
    }
    other.close();
    co_return come.has_value();
}

troupe::task<> requests_in_hand_at_a_pipe() {
    troupe::queue<int> full;
    troupe::supervisor crew;
    auto one = co_await crew.spawn<hoarder_at_a_pipe>({}, full);
    auto both = troupe::when_all(ask_many(one, 200), end_when(full, one));
    const auto [answers, ended] = co_await std::move(both);
    CHECK(answers == 200);
    CHECK(ended);
    co_await crew.stop();
}

// With as many in hand as there can be, it asks somebody else: the reply is no request.
troupe::task<> prompt(troupe::mailbox<hold> inbox) {
    co_await inbox.serve([](hold) { return 1; });
}
troupe::task<> hoarder_that_asks(troupe::mailbox<hold> inbox, troupe::actor<hold> other) {
    constexpr std::size_t most_in_hand = 128;
    std::vector<troupe::request<hold>> held;
    while (held.size() < most_in_hand) {
        auto next = co_await inbox.receive();
        if (!next) co_return;
        held.push_back(*std::move(next));
    }
    const int said = co_await other.ask(hold{}, 20s);
    for (auto& one : held) one.reply(said);
    while (auto next = co_await inbox.receive()) next->reply(1);
}

troupe::task<> requests_in_hand_while_asking() {
    troupe::supervisor crew;
    auto other = co_await crew.spawn<prompt>({});
    auto one = co_await crew.spawn<hoarder_that_asks>({}, other);
    const auto answers = co_await ask_many(one, 200);
    CHECK(answers == 200);
    co_await crew.stop();
}

troupe::task<bool> dies_with_the_hoarder(troupe::actor<hold> one) {
    try {
        co_await one.ask(hold{}, 60s);
    } catch (const troupe::actor_died&) {
        co_return true;
    }
    co_return false;
}

troupe::task<> all_in_hand_are_told() {
    troupe::queue<int> full;
    troupe::supervisor crew;
    auto one = co_await crew.spawn<hoarder>({}, std::size_t{1000}, full);
    auto fatal = [](troupe::actor<die> whom) -> troupe::task<bool> {
        while (whom.pid() == 0) co_await troupe::yield();
        co_await troupe::sleep_for(100ms);
        whom.kill();
        co_return true;
    };
    auto asked = troupe::when_all(dies_with_the_hoarder(one), dies_with_the_hoarder(one), dies_with_the_hoarder(one),
                                  fatal(one));
    const auto [a, b, c, d] = co_await std::move(asked);
    CHECK((a && b && c && d));
    co_await crew.stop();
}

}  // namespace

TEST_CASE(
    "redelivery: a message whose handler died is delivered to the next incarnation, and its asker gets the answer") {
    watched(delivered_until_it_works());
}

TEST_CASE("redelivery: a letter names its sender, whose process has ended by then") { watched(sender_is_gone()); }

TEST_CASE("redelivery: a message that was delivered often enough is set aside with sender, type and cause") {
    watched(set_aside_after_enough(10));
    watched(set_aside_after_enough(100'000));
}

TEST_CASE("redelivery: it is set aside as well where its actor is ended because another one crashed") {
    watched(set_aside_in_a_group());
}

TEST_CASE("redelivery: when the queue of dead letters is full, the letter is dropped and counted, and all go on") {
    watched(full_morgue());
}

TEST_CASE("redelivery: a message that a handler has in hand is not received once more beside it") {
    watched(not_received_from_its_handler());
}

TEST_CASE("redelivery: without it a message is delivered once") { watched(at_most_once_otherwise()); }

TEST_CASE("supervisor: requests beyond those that can be in hand wait, and none is lost") {
    watched(requests_in_hand());
}

TEST_CASE("supervisor: whoever has all the requests in hand that there can be goes on with pipes, and without them") {
    watched(requests_in_hand_at_a_pipe());
}

TEST_CASE("supervisor: whoever has all the requests in hand that there can be is answered by others") {
    watched(requests_in_hand_while_asking());
}

TEST_CASE("supervisor: every request in hand hears that the actor died") { watched(all_in_hand_are_told()); }
