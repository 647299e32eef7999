// What a supervisor says of its children, restarts that are asked for, and arguments that are asked for at each start.
#include <stdexcept>
#include <tuple>

#include "catch.hpp"
#include "supervise/team.hpp"
#include "watched.hpp"

using namespace team;

namespace {

troupe::task<> dies(worker_reference one, int signal) {
    try {
        co_await one.ask(die{signal}, 20s);
    } catch (const troupe::actor_died&) {
    }
}

// --- report

troupe::task<> is_reported() {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<worker>({.name = "clerk"});
    co_await crew.spawn<worker>({.name = "other"});
    const auto before = crew.report();
    REQUIRE(before.size() == 2);
    const int pid = co_await one.ask(its_pid{}, 20s);
    CHECK(before[0].child == one);
    CHECK(before[0].name == "clerk");
    CHECK(before[0].pid == pid);
    CHECK(before[0].restarts == 0);
    CHECK(before[0].uptime.count() > 0);
    CHECK_FALSE(before[0].last_status);
    CHECK(before[1].name == "other");
    co_await dies(one, SIGSEGV);
    co_await becomes(one, 1);
    while (crew.report()[0].pid == 0 || crew.restarts() == 0) co_await troupe::sleep_for(1ms);
    const auto after = crew.report();
    REQUIRE(after.size() == 2);
    const int next_pid = co_await one.ask(its_pid{}, 20s);
    CHECK(after[0].pid == next_pid);
    CHECK(after[0].restarts == 1);
    REQUIRE(after[0].last_status);
    CHECK(after[0].last_status->code() == -SIGSEGV);
    CHECK(after[1].restarts == 0);
    co_await crew.stop();
    CHECK(crew.report().empty());
}

troupe::task<> waiting_child_is_reported() {
    troupe::supervisor crew({.max_restarts = 5, .window = 24h, .back_off = 1h, .most_back_off = 24h});
    auto one = co_await crew.spawn<worker>({.name = "clerk"});
    co_await dies(one, SIGKILL);
    co_await becomes(one, 1);
    one.kill();
    while (crew.report()[0].pid != 0) co_await troupe::sleep_for(1ms);
    const auto waiting = crew.report()[0];
    CHECK(waiting.uptime.count() == 0);
    REQUIRE(waiting.last_status);
    CHECK(waiting.last_status->code() == -SIGKILL);
    co_await crew.restart(one);  // it does not wait for the hour to pass
    const unsigned number = co_await one.ask(incarnation{}, 20s);
    CHECK(number == 2);
    co_await crew.stop();
}

// --- restart

troupe::task<> is_restarted_on_request() {
    troupe::supervisor crew({.max_restarts = 0});
    auto one = co_await crew.spawn<worker>({.name = "clerk"});
    auto other = co_await crew.spawn<worker>();
    const int others_pid = co_await other.ask(its_pid{}, 20s);
    for (unsigned i = 1; i <= 3; ++i) {
        co_await crew.restart(one);
        const unsigned number = co_await one.ask(incarnation{}, 20s);
        CHECK(number == i);
    }
    CHECK(crew.restarts() == 3);
    const int still = co_await other.ask(its_pid{}, 20s);
    CHECK(still == others_pid);
    co_await crew.stop();
}

troupe::task<> keeps_its_messages() {
    troupe::supervisor crew;
    auto one = co_await crew.spawn<worker>();
    one.stop();
    auto two = co_await crew.spawn<worker>();
    for (int i = 0; i < 50; ++i) co_await two.send(note{i});
    co_await crew.restart(two);
    co_await two.send(note{50});
    const auto numbers = co_await two.ask(noted{}, 20s);
    REQUIRE_FALSE(numbers.empty());
    CHECK(numbers.back() == 50);
    co_await crew.stop();
}

template <class Error>
troupe::task<std::string> why_not_restarted(troupe::supervisor& crew, troupe::actor<> one) {
    try {
        co_await crew.restart(one);
    } catch (const Error& refused) {
        co_return refused.what();
    }
    co_return "it was restarted";
}

troupe::task<> is_not_restarted() {
    troupe::supervisor crew;
    const auto stranger = co_await troupe::spawn<worker>();
    const auto of_a_stranger = co_await why_not_restarted<troupe::misuse>(crew, stranger);
    CHECK_THAT(of_a_stranger, checks::contains("only a child of this supervisor"));
    stranger.stop();
    co_await stranger.join();
    const auto brief = co_await crew.spawn<worker>({.restart = troupe::restart_policy::temporary}, {});
    const auto of_a_temporary = co_await why_not_restarted<troupe::misuse>(crew, brief);
    CHECK_THAT(of_a_temporary, checks::contains("temporary"));
    co_await crew.stop();
    const auto of_a_stopped = co_await why_not_restarted<troupe::misuse>(crew, brief);
    CHECK_THAT(of_a_stopped, checks::contains("was stopped"));
}

troupe::task<> restart_has_a_deadline() {
    troupe::supervisor crew;
    const auto one = co_await crew.spawn<worker>({.stop_budget = 1h}, {});
    kill(one.pid(), SIGSTOP);  // it cannot unwind
    bool timed_out = false;
    try {
        co_await troupe::with_timeout(20ms, crew.restart(one));
    } catch (const troupe::timed_out&) {
        timed_out = true;
    }
    CHECK(timed_out);
    kill(one.pid(), SIGKILL);
    const bool begun = co_await becomes(one, 1);
    CHECK(begun);
    co_await crew.stop();
}

// --- unlimited

troupe::task<> never_gives_up() {
    troupe::supervisor crew(
        {.max_restarts = troupe::supervisor_options::unlimited, .back_off = 0ms, .most_back_off = 0ms});
    auto one = co_await crew.spawn<worker>();
    for (unsigned i = 1; i <= 10; ++i) {
        co_await dies(one, SIGKILL);
        const bool begun = co_await becomes(one, i);
        CHECK(begun);
    }
    co_await crew.stop();
}

// --- arguments

struct its_arguments {
    using reply = std::string;
};

troupe::task<> configured(troupe::mailbox<its_arguments, die> inbox, int level, std::string text) {
    co_await inbox.serve([&](its_arguments) { return text + std::to_string(level); },
                         [](die m) { return die_now(m.signal); });
}

troupe::task<> simply_configured(troupe::mailbox<its_arguments, die> inbox, int level) {
    co_await inbox.serve([&](its_arguments) { return std::to_string(level); }, [](die m) { return die_now(m.signal); });
}

troupe::task<> gets_the_arguments_of_now() {
    int level = 1;
    troupe::supervisor crew;
    const auto ask = [&] { return std::tuple(level, "level "); };
    auto one = co_await crew.spawn<configured>({.name = "one"}, troupe::asked_at_each_start(ask));
    auto two = co_await crew.spawn<simply_configured>(troupe::asked_at_each_start([&] { return level; }));
    level = 2;
    auto text = co_await one.ask(its_arguments{}, 20s);
    CHECK(text == "level 1");
    co_await crew.restart(one);
    text = co_await one.ask(its_arguments{}, 20s);
    CHECK(text == "level 2");
    two.kill();
    while (text != "2") {
        text = co_await two.ask(its_arguments{}, 20s);
        co_await troupe::sleep_for(1ms);
    }
    co_await crew.stop();
}

troupe::task<> question_throws() {
    bool broken = true;
    troupe::supervisor crew({.max_restarts = 100});
    const auto ask = [&] {
        if (broken) throw std::runtime_error("no configuration");
        return 7;
    };
    std::string why;
    try {
        co_await crew.spawn<simply_configured>(troupe::asked_at_each_start(ask));
    } catch (const std::runtime_error& problem) {
        why = problem.what();
    }
    CHECK(why == "no configuration");
    broken = false;
    auto one = co_await crew.spawn<simply_configured>(troupe::asked_at_each_start(ask));
    broken = true;
    one.kill();
    while (crew.restarts() < 2) co_await troupe::sleep_for(1ms);  // tried, and tried again
    broken = false;
    const auto text = co_await one.ask(its_arguments{}, 20s);
    CHECK(text == "7");
    co_await crew.stop();
}

troupe::task<> gives_up_for_want_of_arguments() {
    bool broken = false;
    troupe::supervisor crew({.max_restarts = 1, .window = 60s, .back_off = 0ms});
    const auto ask = [&] {
        if (broken) throw std::runtime_error("no configuration");
        return 7;
    };
    auto one = co_await crew.spawn<simply_configured>({.name = "picky"}, troupe::asked_at_each_start(ask));
    broken = true;
    one.kill();
    std::string why;
    try {
        co_await troupe::with_timeout(20s, crew.join());
    } catch (const troupe::gave_up& end) {
        why = end.what();
    }
    CHECK_THAT(why, checks::contains("'picky'") && checks::contains("its last start failed: no configuration"));
}

}  // namespace

TEST_CASE("report: a supervisor says of each child its name, pid, restarts, uptime and last status") {
    watched(is_reported());
}
TEST_CASE("report: a child that waits for its restart has no pid and no uptime") {
    watched(waiting_child_is_reported());
}
TEST_CASE("restart: a child is started again on request, it alone, and nothing of it counts") {
    watched(is_restarted_on_request());
}
TEST_CASE("restart: the next process serves the messages that wait") { watched(keeps_its_messages()); }
TEST_CASE("restart: what cannot be restarted is refused with the reason") { watched(is_not_restarted()); }
TEST_CASE("restart: waiting for it can time out; it goes on all the same") { watched(restart_has_a_deadline()); }
TEST_CASE("supervisor: without a limit it never gives up") { watched(never_gives_up()); }
TEST_CASE("arguments: a function that is asked at each start gives a restarted child what holds then") {
    watched(gets_the_arguments_of_now());
}
TEST_CASE("arguments: if that function throws, spawn throws it, and later the start is tried again") {
    watched(question_throws());
}
TEST_CASE("supervisor: when it gives up on a child that does not start, it says why") {
    watched(gives_up_for_want_of_arguments());
}
