// The forkserver may be killed: it is started again, and its actors never notice.
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::spawn;
using troupe::start_method;
using troupe::task;

struct echo {
    using reply = int;
    int number = 0;
};

task<> serve_echo(troupe::mailbox<echo> inbox) {
    co_await inbox.serve([](echo m) { return m.number; });
}

// 0: there is none now.
int forkserver_pid() {
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream children(thread.path() / "children");
        for (int pid = 0; children >> pid;) {
            std::ifstream comm("/proc/" + std::to_string(pid) + "/comm");
            std::string name;
            if (std::getline(comm, name) && name == "troupe-forks") return pid;
        }
    }
    return 0;
}

task<int> forkserver_that_runs() {
    int server = forkserver_pid();
    while (server == 0) {
        co_await troupe::sleep_for(1ms);
        server = forkserver_pid();
    }
    co_return server;
}

task<> survive_server() {
    const auto before = co_await spawn<serve_echo>({.method = start_method::forkserver});
    for (int i = 0; i < 3; ++i) {
        ::kill(co_await forkserver_that_runs(), SIGKILL);
        const auto after = co_await spawn<serve_echo>({.method = start_method::forkserver});
        const auto before_answer = co_await before.ask(echo{i});
        REQUIRE(before_answer == i);
        const auto after_answer = co_await after.ask(echo{i + 10});
        REQUIRE(after_answer == i + 10);
        after.stop();
        const auto after_status = co_await after.join();
        REQUIRE(after_status.code() == 0);
    }
    before.kill();
    const auto before_status = co_await before.join();
    REQUIRE(before_status.signal() == SIGKILL);
}

class stopped {
public:
    explicit stopped(int pid) : pid_(pid) { ::kill(pid_, SIGSTOP); }
    stopped(const stopped&) = delete;
    stopped& operator=(const stopped&) = delete;
    ~stopped() { ::kill(pid_, SIGCONT); }

private:
    int pid_;
};

// The forkserver is stopped, so that the restart is asked for and not made when the supervisor goes.
task<> supervisor_goes_during_a_restart() {
    {
        std::optional<troupe::supervisor> crew(std::in_place);
        const auto one = co_await crew->spawn<serve_echo>({.method = start_method::forkserver});
        const stopped server(co_await forkserver_that_runs());
        one.kill();
        while (crew->restarts() == 0) co_await troupe::yield();
        crew.reset();
        const auto one_status = co_await troupe::with_timeout(20s, one.join());
        REQUIRE(one_status.signal() == SIGKILL);
    }
    const auto next = co_await spawn<serve_echo>({.method = start_method::forkserver});
    const auto next_answer = co_await next.ask(echo{5});
    REQUIRE(next_answer == 5);
    next.stop();
    co_await next.join();
}

// It is stopped, so that a restart takes for ever.
task<> supervisor_stops_during_a_restart() {
    troupe::supervisor crew;
    const auto removed = co_await crew.spawn<serve_echo>({.stop_budget = 20ms}, {.method = start_method::forkserver});
    const auto left = co_await crew.spawn<serve_echo>({.stop_budget = 20ms}, {.method = start_method::forkserver});
    const stopped server(co_await forkserver_that_runs());
    removed.kill();
    while (crew.restarts() == 0) co_await troupe::yield();
    co_await troupe::with_timeout(20s, crew.remove(removed));
    REQUIRE_FALSE(removed.alive());
    left.kill();
    while (crew.restarts() == 1) co_await troupe::yield();
    co_await troupe::with_timeout(20s, crew.stop());
    REQUIRE_FALSE(left.alive());
}

// Stopped, so that the second of a group has yet to be started when somebody wishes for that.
task<> restart_is_wished_for_meanwhile() {
    troupe::supervisor crew({.strategy = troupe::restart_strategy::one_for_all});
    const auto first = co_await crew.spawn<serve_echo>({.method = start_method::forkserver});
    const auto second = co_await crew.spawn<serve_echo>({.method = start_method::forkserver});
    std::optional<stopped> server(std::in_place, co_await forkserver_that_runs());
    first.kill();
    while (crew.restarts() == 0) co_await troupe::yield();
    const auto go_on = [&]() -> task<> {
        server.reset();
        co_return;
    };
    co_await troupe::with_timeout(20s, troupe::when_all(crew.restart(second), go_on()));
    co_await troupe::sleep_for(20ms);
    const auto answer = co_await second.ask(echo{7}, 20s);
    REQUIRE(answer == 7);
    REQUIRE(crew.restarts() == 2);
    co_await crew.stop();
}

// More than its socket holds, and each is given up.
task<> ask_one_that_stands_still() {
    const auto first = co_await spawn<serve_echo>({.method = start_method::forkserver});
    {
        const stopped server(co_await forkserver_that_runs());
        int given_up = 0;
        for (int i = 0; i < 500; ++i) {
            try {
                co_await troupe::with_timeout(1ms, spawn<serve_echo>({.method = start_method::forkserver}));
            } catch (const troupe::timed_out&) {
                ++given_up;
            }
        }
        REQUIRE(given_up == 500);
    }
    const auto next = co_await spawn<serve_echo>({.method = start_method::forkserver});
    const auto next_answer = co_await next.ask(echo{5});
    REQUIRE(next_answer == 5);
    for (const auto& one : {first, next}) {
        one.stop();
        co_await one.join();
    }
}

task<> come_and_go() {
    troupe::queue<int> carried;
    auto [mine, yours] = troupe::pipe<int, int>();
    const auto one = co_await spawn<serve_echo>();
    const auto one_answer = co_await one.ask(echo{3});
    REQUIRE(one_answer == 3);
    one.stop();
    co_await one.join();
}

}  // namespace

TEST_CASE("forkserver: killed, it is started again, and its actors go on") { watched(survive_server()); }

TEST_CASE("forkserver: an actor whose supervisor goes while it is being started again has ended") {
    watched(supervisor_goes_during_a_restart());
}

TEST_CASE("forkserver: a supervisor stops, and a child is removed, while a start of it takes for ever") {
    watched(supervisor_stops_during_a_restart());
}

TEST_CASE("forkserver: a restart that is wished for while the group is being started is that start") {
    watched(restart_is_wished_for_meanwhile());
}

TEST_CASE("forkserver: while it stands still, any number of starts can be given up, and later ones are made") {
    watched(ask_one_that_stands_still());
}

TEST_CASE("an actor: a hundred that came and went leave as much as one") {
    watched(come_and_go());
    for (int i = 0; i < 100; ++i) watched(come_and_go());  // the listener compares
}
