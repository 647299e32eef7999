// Requests: replies, failures, deadlines, and what becomes of a request whose actor dies.
#include <chrono>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::actor;
using troupe::mailbox;
using troupe::queue;
using troupe::spawn;
using troupe::task;

struct out_of_ink : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct square {
    using reply = long;
    int number = 0;
};
struct fail {
    using reply = int;
    std::string text;
};
struct note {
    using reply = void;
    std::string text;
};
struct die {
    using reply = int;
};
struct hold {  // answered when `go_on` comes
    using reply = int;
    int number = 0;
};
struct go_on {};
struct picture {
    using reply = std::string;
    std::size_t size = 0;
};

// --- actors

task<> paint(mailbox<picture> inbox, int count) {
    for (; count > 0; --count) {
        auto asked = co_await inbox.receive();
        asked->reply(std::string(asked->size, 'p'));
    }
}

task<> serve_plain(mailbox<square, fail, note, die> inbox) {
    std::string noted;
    co_await inbox.serve([](square m) { return long{m.number} * m.number; },
                         [](fail m) -> int { throw out_of_ink(m.text); }, [&](note m) { noted = m.text; },
                         [](die) -> int {
                             raise(SIGKILL);
                             return 0;
                         });
}
task<> serve_by_coroutine(mailbox<square, fail, note> inbox) {
    co_await inbox.serve(
        [](square m) -> task<long> {
            co_await troupe::yield();
            co_return long{m.number} * m.number;
        },
        [](fail m) -> task<int> {
            co_await troupe::yield();
            throw out_of_ink(m.text);
        },
        [](note) -> task<> { co_await troupe::yield(); });
}
task<> answer_later(mailbox<hold, go_on> inbox, bool drop) {
    std::vector<troupe::request<hold>> held;
    while (auto one = co_await inbox.receive()) {
        if (auto* asked = std::get_if<troupe::request<hold>>(&*one)) {
            held.push_back(std::move(*asked));
            continue;
        }
        if (!drop) {
            for (auto& each : held) each.reply(each.number + 100);
        }
        held.clear();
    }
}
task<int> ask_inside(mailbox<square> inbox, actor<square> other) {
    int failures = 0;
    co_await inbox.serve([&](square m) -> task<long> { co_return co_await other.ask(m) + 1; });
    co_return failures;
}
task<> end_at_once(mailbox<square> inbox, queue<int> gate) {
    co_await inbox.receive();
    co_await gate.get();
}

// --- bodies

task<> stop_and_join(actor<> one) {
    one.stop();
    co_await one.join();
}

template <auto Fn>
task<> replies_come() {
    const auto one = co_await spawn<Fn>();
    for (int n = 0; n < 50; ++n) {
        const auto one_answer = co_await one.ask(square{n});
        REQUIRE(one_answer == long{n} * n);
    }
    const auto one_answer = co_await one.ask(square{9}, 20s);
    REQUIRE(one_answer == 81);
    co_await one.ask(note{"kept"});
    co_await stop_and_join(one);
}

template <auto Fn>
task<> failures_come() {
    const auto one = co_await spawn<Fn>();
    for (int i = 0; i < 3; ++i) {
        std::string type, text;
        try {
            co_await one.ask(fail{"cyan is empty"});
        } catch (const troupe::remote_error& e) {
            type = e.type();
            text = e.text();
        }
        REQUIRE(type.find("out_of_ink") != std::string::npos);
        REQUIRE(text == "cyan is empty");
    }
    const auto one_answer = co_await one.ask(square{3});
    REQUIRE(one_answer == 9);  // it goes on serving
    co_await stop_and_join(one);
}

task<> actor_dies() {
    const auto one = co_await spawn<serve_plain>({.name = "printer"});
    int signal = 0;
    try {
        co_await one.ask(die{});
    } catch (const troupe::actor_died& e) {
        signal = e.status().signal();
    }
    REQUIRE(signal == SIGKILL);
    bool refused = false;
    try {
        co_await one.ask(square{1});
    } catch (const troupe::actor_died&) {
        refused = true;
    }
    REQUIRE(refused);
    co_await one.join();
}

task<> actor_ends_unanswered() {
    queue<int> gate;
    const auto one = co_await spawn<end_at_once>(gate);
    bool told = false;
    try {
        co_await gate.put(0);
        co_await one.ask(square{1});
    } catch (const troupe::remote_error&) {
        told = true;  // the request was dropped
    } catch (const troupe::actor_died&) {
        told = true;  // or its actor was faster
    }
    REQUIRE(told);
    co_await one.join();
}

task<> late_reply() {
    const auto one = co_await spawn<answer_later>(false);
    bool late = false;
    try {
        co_await one.ask(hold{1}, 1ms);
    } catch (const troupe::timed_out&) {
        late = true;
    }
    REQUIRE(late);
    const auto go = [](actor<hold, go_on> to) -> task<> { co_await to.send(go_on{}); };
    const auto [answer, sent] = co_await troupe::when_all(one.ask(hold{2}), go(one));
    static_cast<void>(sent);
    REQUIRE(answer == 102);  // not 101, which came before it
    co_await stop_and_join(one);
}

// What a request to it throws before its deadline; empty when there is an answer.
template <class Reference>
task<std::string> refusal(Reference one, std::chrono::milliseconds deadline) {
    try {
        co_await one.ask(square{2}, deadline);
    } catch (const troupe::timed_out& e) {
        co_return e.what();
    }
    co_return "";
}

task<> one_hangs() {
    std::vector<actor<square, fail, note, die>> hung;
    for (int i = 0; i < 4; ++i) {
        hung.push_back(co_await spawn<serve_plain>({.name = "hung"}));
        co_await hung.back().ask(square{1});
        ::kill(hung.back().pid(), SIGSTOP);
    }
    const auto healthy = co_await spawn<serve_plain>();
    for (const auto& one : hung) {
        std::string said;
        for (int i = 0; i < 1000 && said.find("given up") == std::string::npos; ++i) said = co_await refusal(one, 1ms);
        CHECK_THAT(said, checks::contains("actor 'hung' (pid " + std::to_string(one.pid()) + ") has not answered"));
        // From now on it is told at once, whatever the deadline.
        const auto refused = co_await refusal(one, 3600s * 1000);
        CHECK_THAT(refused, checks::contains("has not answered"));
    }
    const auto healthy_answer = co_await healthy.ask(square{3}, 20s);
    CHECK(healthy_answer == 9);
    // And when it answers, it is asked again.
    ::kill(hung[0].pid(), SIGCONT);
    while (co_await refusal(hung[0], 20s) != "") co_await troupe::sleep_for(1ms);
    ::kill(hung[1].pid(), SIGKILL);
    bool died = false;
    try {
        co_await hung[1].join();
        co_await hung[1].ask(square{1});
    } catch (const troupe::actor_died&) {
        died = true;
    }
    CHECK(died);
    for (const auto& one : hung) one.kill();
    for (const auto& one : hung) co_await one.join();
    co_await stop_and_join(healthy);
}

task<> more_than_places() {
    const auto one = co_await spawn<answer_later>(false);
    std::vector<task<int>> all;
    const auto ask = [](actor<hold, go_on> to, int number) -> task<int> { co_return co_await to.ask(hold{number}); };
    int right = 0;
    co_await troupe::task_group::run([&](troupe::task_group& group) -> task<> {
        for (int i = 0; i < 2500; ++i) {
            group.start([](auto to, int number, int* right, auto ask) -> task<> {
                if (co_await ask(to, number) == number + 100) ++*right;
            }(one, i, &right, ask));
        }
        // Those that have a place are answered, and the next get theirs.
        while (right < 2500) {
            co_await one.send(go_on{});
            co_await troupe::yield();
        }
        co_await group.join();
    });
    CHECK(right == 2500);
    co_await stop_and_join(one);
}

task<> answered_out_of_hand() {
    const auto one = co_await spawn<answer_later>(false);
    const auto go = [](actor<hold, go_on> to) -> task<> { co_await to.send(go_on{}); };
    const auto [a, b, c, sent] =
        co_await troupe::when_all(one.ask(hold{1}), one.ask(hold{2}), one.ask(hold{3}), go(one));
    static_cast<void>(sent);
    REQUIRE(a == 101);
    REQUIRE(b == 102);
    REQUIRE(c == 103);
    co_await stop_and_join(one);
}

task<> dropped_unanswered() {
    const auto one = co_await spawn<answer_later>(true);
    const auto ask = [](actor<hold, go_on> to) -> task<std::string> {
        try {
            co_await to.ask(hold{1});
        } catch (const troupe::remote_error& e) {
            co_return e.what();
        }
        co_return "";
    };
    const auto go = [](actor<hold, go_on> to) -> task<> { co_await to.send(go_on{}); };
    const auto [said, sent] = co_await troupe::when_all(ask(one), go(one));
    static_cast<void>(sent);
    REQUIRE_FALSE(said.empty());
    co_await stop_and_join(one);
}

// More than a mailbox takes of large messages, while the asker has no turn to look at them.
task<> large_replies_at_once() {
    constexpr std::size_t size = std::size_t{24} << 20;
    const auto one = co_await spawn<paint>(3);
    const auto be_busy = [](actor<picture> until) -> task<> {
        while (until.alive()) ::usleep(1000);
        co_return;
    };
    const auto [a, b, c, busy] =
        co_await troupe::when_all(one.ask(picture{size}), one.ask(picture{size}), one.ask(picture{size}), be_busy(one));
    static_cast<void>(busy);
    for (const std::string* each : {&a, &b, &c}) CHECK((each->size() == size && each->back() == 'p'));
    co_await one.join();
}

task<> ask_while_own_mailbox_is_full() {
    const auto last = co_await spawn<serve_plain>();
    const auto middle = co_await spawn<ask_inside>({.mailbox = 64 << 10}, actor<square>(last));
    ::kill(last.pid(), SIGSTOP);  // the handler now waits for a reply that cannot come yet
    int sent = 0;
    while (middle.try_send(square{sent}) == troupe::send_result::sent) ++sent;
    REQUIRE(sent > 100);
    ::kill(last.pid(), SIGCONT);
    const auto middle_answer = co_await middle.ask(square{5});
    REQUIRE(middle_answer == 26);
    co_await stop_and_join(middle);
    co_await stop_and_join(last);
}

task<> many_at_a_time() {
    const auto one = co_await spawn<serve_plain>();
    std::vector<task<long>> all;
    const auto ask = [](actor<square> to, int n) -> task<long> { co_return co_await to.ask(square{n}); };
    for (int n = 0; n < 2000; ++n) all.push_back(ask(one, n));
    const auto replies = co_await troupe::when_all(std::move(all));
    for (int n = 0; n < 2000; ++n) {
        if (replies[static_cast<std::size_t>(n)] != long{n} * n) FAIL("the reply to " << n << " is another's");
    }
    co_await stop_and_join(one);
}

}  // namespace

TEST_CASE("ask: the reply is what the handler returns") { watched(replies_come<serve_plain>()); }

TEST_CASE("ask: a handler may be a coroutine") { watched(replies_come<serve_by_coroutine>()); }

TEST_CASE("ask: what a handler throws is remote_error with its type and text, and serving goes on") {
    watched(failures_come<serve_plain>());
    watched(failures_come<serve_by_coroutine>());
}

TEST_CASE("ask: when the actor dies before it answered, actor_died says how") { watched(actor_dies()); }

TEST_CASE("ask: when the actor ends without an answer, the asker is told") { watched(actor_ends_unanswered()); }

TEST_CASE("ask: a reply that comes after the deadline is dropped") { watched(late_reply()); }

TEST_CASE("ask: many requests at a time get each its own reply") { watched(many_at_a_time()); }

TEST_CASE("ask: large replies that come at once are all there, however busy the asker") {
    watched(large_replies_at_once());
}

TEST_CASE("ask: from inside a handler, while its own mailbox is full") { watched(ask_while_own_mailbox_is_full()); }

TEST_CASE("request: it may be answered later, and in any order") { watched(answered_out_of_hand()); }

TEST_CASE("request: dropped without an answer, the asker gets remote_error") { watched(dropped_unanswered()); }

TEST_CASE("ask: an actor that left requests unanswered is asked no more until it answers; others are asked as before") {
    watched(one_hangs());
}
TEST_CASE("ask: more requests than there are places wait for their turns, and each gets its reply") {
    watched(more_than_places());
}
