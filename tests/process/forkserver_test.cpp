// The forkserver may be killed: it is started again, and its actors never notice.
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <troupe/troupe.hpp>

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

task<> survive_server() {
    const auto before = co_await spawn<serve_echo>({.method = start_method::forkserver});
    for (int i = 0; i < 3; ++i) {
        int server = forkserver_pid();
        while (server == 0) {
            co_await troupe::sleep_for(1ms);
            server = forkserver_pid();
        }
        ::kill(server, SIGKILL);
        const auto after = co_await spawn<serve_echo>({.method = start_method::forkserver});
        REQUIRE(co_await before.ask(echo{i}) == i);
        REQUIRE(co_await after.ask(echo{i + 10}) == i + 10);
        after.stop();
        REQUIRE((co_await after.join()).code() == 0);
    }
    before.kill();
    REQUIRE((co_await before.join()).signal() == SIGKILL);
}

task<> come_and_go() {
    troupe::queue<int> carried;
    auto [mine, yours] = troupe::pipe<int, int>();
    const auto one = co_await spawn<serve_echo>();
    REQUIRE(co_await one.ask(echo{3}) == 3);
    one.stop();
    co_await one.join();
}

}  // namespace

TEST_CASE("forkserver: killed, it is started again, and its actors go on") { watched(survive_server()); }

TEST_CASE("an actor: a hundred that came and went leave as much as one") {
    watched(come_and_go());
    for (int i = 0; i < 100; ++i) watched(come_and_go());  // the listener compares
}
