// What may be spawned and how: functions, lambdas, arguments and options; and what the actor then finds around it.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using troupe::queue;
using troupe::spawn;
using troupe::spawn_options;
using troupe::start_method;
using troupe::task;

int memory_of_parent = 1;  // changed in the program after it has started

struct parcel {
    std::string label;
    std::vector<std::pair<int, double>> contents;
    std::map<std::string, std::vector<int>> index;
};

int sum(int a, long b, const std::string& c) { return a + static_cast<int>(b) + static_cast<int>(c.size()); }
int count(parcel p) { return static_cast<int>(p.label.size() + p.contents.size() + p.index.at("x").size()); }
int look_at_memory() { return memory_of_parent; }
task<> tell_place(queue<std::string> told) {
    char directory[4096];
    co_await told.put(getcwd(directory, sizeof directory));
}
task<> tell_environment(queue<std::string> told, std::string key) {
    const char* value = std::getenv(key.c_str());
    co_await told.put(value == nullptr ? "not set" : value);
}
task<> tell_name(queue<std::string> told) {
    co_await told.put(troupe::this_actor::name());
    std::ifstream comm("/proc/self/comm");
    std::string name;
    std::getline(comm, name);
    co_await told.put(name);
}
task<> tell_input(queue<std::string> told) {
    char target[256];
    const ssize_t length = readlink("/proc/self/fd/0", target, sizeof target);
    co_await told.put(std::string(target, static_cast<std::size_t>(length)));
}
task<> tell_descriptors(queue<std::string> told) {
    DIR* const open = opendir("/proc/self/fd");
    while (const dirent* entry = readdir(open)) {
        const std::string number = entry->d_name;
        if (number[0] == '.' || number == std::to_string(dirfd(open))) continue;
        char target[256];
        const ssize_t length = readlink(("/proc/self/fd/" + number).c_str(), target, sizeof target);
        if (length > 0) co_await told.put(std::string(target, static_cast<std::size_t>(length)));
    }
    closedir(open);
    told.close();
}
task<> take_numbers(troupe::mailbox<int> inbox) {
    while (co_await inbox.receive()) {
    }
}
task<> take_none(troupe::mailbox<int> inbox, queue<int> gate) {
    co_await gate.get();
    while (co_await inbox.receive()) {
    }
}

template <auto Fn, class... Args>
task<int> code_of(spawn_options options, Args... args) {
    const auto one = co_await spawn<Fn>(options, std::move(args)...);
    const troupe::exit_status end = co_await one.join();
    co_return end.code();
}

template <auto Fn, class... Args>
task<std::vector<std::string>> told_by(spawn_options options, Args... args) {
    queue<std::string> told;
    const auto one = co_await spawn<Fn>(options, told, std::move(args)...);
    co_await one.join();
    std::vector<std::string> lines;
    while (auto line = told.try_get()) lines.push_back(*line);
    co_return lines;
}

// How many small messages fit into the mailbox of an actor that takes none.
task<int> room_in_mailbox(std::size_t bytes) {
    queue<int> gate;
    const auto one = co_await spawn<take_none>({.mailbox = bytes}, gate);
    int sent = 0;
    while (one.try_send(sent) == troupe::send_result::sent) ++sent;
    co_await gate.put(0);
    one.stop();
    co_await one.join();
    co_return sent;
}

task<std::string> refusal(spawn_options options) {
    try {
        const auto one = co_await spawn<take_numbers>(options);
        one.kill();
        co_await one.join();
    } catch (const troupe::spawn_failed& e) {
        co_return e.what();
    }
    co_return "not refused";
}

std::string memory_seen_by(start_method method) {
    memory_of_parent = 2;
    const int seen = watched(code_of<look_at_memory>({.method = method}));
    memory_of_parent = 1;
    return seen == 2 ? "the parent's" : "its own";
}

}  // namespace

TEST_CASE("spawn: a plain function gets its arguments, converted to what it takes") {
    CHECK(watched(code_of<sum>({}, 1, 2, "three")) == 8);
}

TEST_CASE("spawn: arguments are values of any type that can be sent") {
    const parcel p{"four", {{1, 2.0}, {3, 4.0}}, {{"x", {1, 2, 3}}}};
    CHECK(watched(code_of<count>({}, p)) == 9);
}

TEST_CASE("spawn: a captureless lambda is an actor's function") {
    CHECK(watched(code_of<[](int n) { return n + 1; }>({}, 1)) == 2);
    CHECK(watched(code_of<[](int n) -> task<int> {
              co_await troupe::yield();
              co_return n + 2;
          }>({}, 1)) == 3);
}

TEST_CASE("spawn: two lambdas in one place are two actors") {
    CHECK(watched(code_of<[] { return 1; }>({})) == 1);
    CHECK(watched(code_of<[] { return 2; }>({})) == 2);
}

TEST_CASE("spawn: an argument may be a megabyte") {
    CHECK(watched(code_of<[](std::string s) { return s == std::string(1 << 20, 'q') ? 1 : 0; }>(
              {}, std::string(1 << 20, 'q'))) == 1);
}

TEST_CASE("spawn options: the name is the actor's, and the system's") {
    CHECK(watched(told_by<tell_name>({.name = "clerk"})) == std::vector<std::string>{"clerk", "clerk"});
}

TEST_CASE("spawn options: without a name it is that of the function") {
    CHECK(watched(told_by<tell_name>({})).at(0) == "tell_name");
}

TEST_CASE("spawn options: a name of more than 63 bytes is refused") {
    CHECK(watched(told_by<tell_name>({.name = std::string(63, 'n')})).at(0) == std::string(63, 'n'));
    CHECK(watched(refusal({.name = std::string(64, 'n')})).find("63 bytes") != std::string::npos);
}

TEST_CASE("spawn options: the working directory is the parent's, or as given") {
    char own[4096];
    CHECK(watched(told_by<tell_place>({})).at(0) == getcwd(own, sizeof own));
    CHECK(watched(told_by<tell_place>({.directory = "/proc"})).at(0) == "/proc");
}

TEST_CASE("spawn options: a working directory that is not there makes the spawn fail, and says which") {
    CHECK(watched(refusal({.directory = "/no/such/place"})).find("/no/such/place") != std::string::npos);
}

TEST_CASE("spawn options: the environment is the parent's with additions and changes") {
    CHECK(watched(told_by<tell_environment>({}, std::string("TROUPE_TEST_COLOUR"))).at(0) == "not set");
    const spawn_options green{.environment = {{"TROUPE_TEST_COLOUR", "green"}}};
    CHECK(watched(told_by<tell_environment>(green, std::string("TROUPE_TEST_COLOUR"))).at(0) == "green");
    CHECK(watched(told_by<tell_environment>({.environment = {{"PATH", "/x"}}}, std::string("PATH"))).at(0) == "/x");
    CHECK(watched(told_by<tell_environment>(green, std::string("PATH"))).at(0) == std::getenv("PATH"));
    CHECK(std::getenv("TROUPE_TEST_COLOUR") == nullptr);
}

TEST_CASE("spawn options: nothing of how an actor is started is left in its environment") {
    CHECK(watched(told_by<tell_environment>({}, std::string("TROUPE_CHILD"))).at(0) == "not set");
    CHECK(watched(told_by<tell_environment>({}, std::string("LD_BIND_NOW"))).at(0) == "not set");
}

TEST_CASE("spawn options: the size of the mailbox bounds the messages that wait") {
    const int small = watched(room_in_mailbox(64 << 10));
    const int large = watched(room_in_mailbox(1 << 20));
    CHECK(small >= 512);
    CHECK(small <= (64 << 10) / 16);
    CHECK(large > small * 8);
}

TEST_CASE("spawn options: a mailbox of no size or an absurd one is refused") {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{257} << 20, ~std::size_t{0}}) {
        CHECK(watched(refusal({.mailbox = bytes})).find("64 KiB to 256 MiB") != std::string::npos);
    }
}

TEST_CASE("spawn options: a fork has the parent's memory, the other methods a fresh one") {
    CHECK(memory_seen_by(start_method::fork) == "the parent's");
    CHECK(memory_seen_by(start_method::spawn) == "its own");
    CHECK(memory_seen_by(start_method::forkserver) == "its own");
}

TEST_CASE("an actor: its standard input is /dev/null") { CHECK(watched(told_by<tell_input>({})).at(0) == "/dev/null"); }

TEST_CASE("an actor: only the descriptors it needs are open in it") {
    int ends[2];
    REQUIRE(pipe2(ends, 0) == 0);  // an exec would keep it
    char target[256];
    const ssize_t length = readlink(("/proc/self/fd/" + std::to_string(ends[0])).c_str(), target, sizeof target);
    const std::string mine(target, static_cast<std::size_t>(length));
    for (const start_method method : {start_method::spawn, start_method::forkserver}) {
        const auto open = watched(told_by<tell_descriptors>({.method = method}));
        CAPTURE(open);
        CHECK(std::count(open.begin(), open.end(), mine) == 0);
        const auto rings = std::count(open.begin(), open.end(), "anon_inode:[io_uring]");  // of libuv, from 1.45 on
        CHECK(rings <= 1);
        // stdin, stdout, stderr; the memory; two sockets and a pipe; its doorbell, its parent's; what its loop waits
        // with
        CHECK(open.size() - static_cast<std::size_t>(rings) <= 15);
    }
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("an actor: it has the limit of open files that the program was started with") {
    const int same = watched(code_of<[](std::uint64_t expected) {
        rlimit limit{};
        getrlimit(RLIMIT_NOFILE, &limit);
        return limit.rlim_cur <= expected ? 1 : 0;
    }>({}, std::uint64_t{1} << 20));
    CHECK(same == 1);
}
