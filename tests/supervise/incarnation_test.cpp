// Monitors that hear of restarts as well as of ends.
#include <algorithm>
#include <cstddef>
#include <variant>

#include "catch.hpp"
#include "channel/participant.hpp"
#include "supervise/team.hpp"
#include "watched.hpp"

using namespace team;

namespace {

struct heard {
    bool over = false;  // down
    unsigned incarnation = 0;
    int code = 0;
    bool of_the_right_one = false;
};

// Tells what it hears of another, until that is down.
troupe::task<> listen(troupe::mailbox<troupe::down, troupe::restarted> inbox, worker_reference to,
                      troupe::queue<heard> said) {
    inbox.monitor(to, troupe::every_incarnation);
    co_await said.put(heard{});
    for (bool over = false; !over;) {
        auto next = co_await inbox.receive();
        if (!next) co_return;
        heard words;
        if (const auto* end = std::get_if<troupe::down>(&*next)) {
            words = {true, 0, end->status.code(), end->who == to};
            over = true;
        } else {
            const auto& again = std::get<troupe::restarted>(*next);
            words = {false, again.incarnation, again.status.code(), again.who == to};
        }
        co_await said.put(words);
    }
}

troupe::task<heard> next_of(troupe::queue<heard> said) {
    const auto one = co_await troupe::with_timeout(60s, said.get());
    co_return *one;
}

troupe::task<> dies(worker_reference one, int signal) {
    try {
        co_await one.ask(die{signal}, 20s);
    } catch (const troupe::actor_died&) {
    }
}

troupe::task<> hears_of_each() {
    troupe::supervisor crew;
    troupe::queue<heard> said;
    auto one = co_await crew.spawn<worker>();
    const auto listener = co_await troupe::spawn<listen>(one, said);
    co_await next_of(said);
    unsigned number = 0;
    for (const int signal : {SIGSEGV, SIGKILL}) {
        co_await dies(one, signal);
        const heard words = co_await next_of(said);
        CHECK(words.incarnation == ++number);
        CHECK(words.code == -signal);
        CHECK(words.of_the_right_one);
    }
    co_await crew.stop();
    const heard last = co_await next_of(said);
    CHECK(last.over);
    CHECK(last.code == 0);
    co_await listener.join();
}

// Does not look until it is told to, and then takes down what is there.
troupe::task<> look_late(troupe::mailbox<troupe::down, troupe::restarted> inbox, worker_reference to,
                         troupe::queue<heard> said) {
    inbox.monitor(to, troupe::every_incarnation);
    co_await said.put(heard{});
    raise(SIGSTOP);
    auto again = co_await inbox.receive<troupe::restarted>();
    co_await said.put({false, again->incarnation, again->status.code(), again->who == to});
}

troupe::task<> last_is_told() {
    troupe::supervisor crew;
    troupe::queue<heard> said;
    auto one = co_await crew.spawn<worker>();
    const auto listener = co_await troupe::spawn<look_late>(one, said);
    co_await next_of(said);
    co_await dies(one, SIGSEGV);
    const bool first = co_await becomes(one, 1);
    CHECK(first);
    co_await dies(one, SIGABRT);
    const bool second = co_await becomes(one, 2);
    CHECK(second);
    kill(listener.pid(), SIGCONT);
    const heard words = co_await next_of(said);
    CHECK(words.incarnation == 2);
    CHECK(words.code == -SIGABRT);
    co_await listener.join();
    co_await crew.stop();
}

// Begins to monitor when the supervisor has counted a restart, and before it says that there is one.
troupe::task<> listen_in_between(troupe::mailbox<troupe::down, troupe::restarted> inbox, worker_reference to,
                                 troupe::queue<heard> said) {
    auto& restarts = troupe::channel::participant::here().memory().process(to.id().slot()).supervision.restarts;
    const std::uint32_t before = restarts.get();
    restarts.set(before + 1);
    inbox.monitor(to, troupe::every_incarnation);
    restarts.set(before);
    co_await said.put(heard{});
    const auto again = co_await inbox.receive<troupe::restarted>();
    co_await said.put({false, again->incarnation, again->status.code(), again->who == to});
}

troupe::task<> none_is_missed() {
    troupe::supervisor crew({.max_restarts = 5, .window = 24h, .back_off = 1h, .most_back_off = 24h});
    troupe::queue<heard> said;
    auto one = co_await crew.spawn<worker>();
    co_await dies(one, SIGKILL);
    co_await becomes(one, 1);
    one.kill();
    while (one.pid() != 0) co_await troupe::sleep_for(1ms);
    const auto listener = co_await troupe::spawn<listen_in_between>(one, said);
    co_await next_of(said);
    co_await crew.restart(one);
    const heard words = co_await next_of(said);
    CHECK(words.incarnation == 2);
    CHECK(words.code == -SIGKILL);
    co_await listener.join();
    co_await crew.stop();
}

// One that takes both, and asks for ends alone.
troupe::task<> hear_of_ends(troupe::mailbox<troupe::down, troupe::restarted> inbox, worker_reference to,
                            troupe::queue<heard> said) {
    inbox.monitor(to);
    inbox.monitor(to, troupe::every_incarnation);
    const bool first = inbox.unmonitor(to), second = inbox.unmonitor(to), third = inbox.unmonitor(to);
    inbox.monitor(to);
    co_await said.put({first && second && !third, 0, 0, false});
    const auto next = co_await inbox.receive();
    co_await said.put({std::holds_alternative<troupe::down>(*next), 0, 0, false});
}

troupe::task<> takes_back() {
    troupe::supervisor crew;
    troupe::queue<heard> said;
    auto one = co_await crew.spawn<worker>();
    const auto listener = co_await troupe::spawn<hear_of_ends>(one, said);
    const heard taken_back = co_await next_of(said);
    CHECK(taken_back.over);
    co_await dies(one, SIGKILL);
    co_await becomes(one, 1);
    co_await crew.stop();
    const heard end = co_await next_of(said);
    CHECK(end.over);
    co_await listener.join();
}

troupe::task<> is_told_at_once() {
    troupe::queue<heard> said;
    auto one = co_await troupe::spawn<worker>();
    one.stop();
    co_await one.join();
    const auto listener = co_await troupe::spawn<listen>(one, said);
    co_await next_of(said);
    const heard end = co_await next_of(said);
    CHECK(end.over);
    co_await listener.join();
}

// Each process of an actor that asks has a lane for replies of its own: whoever answers forgets those of the dead.
struct greet {
    using reply = std::size_t;  // how many channels are known to whoever answers
};
troupe::task<> desk(troupe::mailbox<greet> inbox) {
    co_await inbox.serve([](greet) { return troupe::channel::participant::here().ports(); });
}
troupe::task<> ask_and_die(troupe::actor<greet> whom, troupe::queue<std::size_t> said) {
    const std::size_t known = co_await whom.ask(greet{});
    co_await said.put(known);
    raise(SIGKILL);
}

troupe::task<> lanes_are_forgotten() {
    troupe::queue<std::size_t> said;
    const auto one = co_await troupe::spawn<desk>();
    troupe::supervisor crew(
        {.max_restarts = troupe::supervisor_options::unlimited, .back_off = 1ms, .most_back_off = 1ms});
    const auto visitor = co_await crew.spawn<ask_and_die>({}, one, said);
    std::size_t most = 0;
    for (int i = 0; i < 100; ++i) {
        const auto next = co_await troupe::with_timeout(60s, said.get());
        most = std::max(most, *next);
    }
    CHECK(most < 80);
    co_await crew.stop();
    static_cast<void>(visitor);
    one.stop();
    co_await one.join();
}

}  // namespace

TEST_CASE("every_incarnation: each restart is told with its number and how the process before ended, then the end") {
    watched(hears_of_each());
}
TEST_CASE("every_incarnation: of two restarts between two looks the last is told") { watched(last_is_told()); }
TEST_CASE("every_incarnation: a restart that was counted and had not begun when it was asked for is told") {
    watched(none_is_missed());
}
TEST_CASE("every_incarnation: a plain monitor hears of no restart, and both can be taken back") {
    watched(takes_back());
}
TEST_CASE("every_incarnation: an actor that ended before is told at once") { watched(is_told_at_once()); }

TEST_CASE("incarnations: whoever answers one of an actor forgets those before it") { watched(lanes_are_forgotten()); }
