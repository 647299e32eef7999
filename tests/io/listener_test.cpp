// Listeners: who may listen where, paths that somebody has left behind, ports that are shared, and accepting with no
// descriptor left.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "io/connected.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using outside::connected;
using outside::number_of;
using outside::two_sockets;
using troupe::listener;
using troupe::task;

std::string path_for(const char* name) { return "/tmp/troupe_listener_" + std::to_string(::getpid()) + name; }

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

int number_of_port(const listener& here) {
    const std::string address = here.address();
    return std::stoi(address.substr(address.rfind(':') + 1));
}

template <class Make>
int refused_with(Make make) {
    try {
        make();
    } catch (const troupe::io_failed& problem) {
        return problem.reason().value();
    }
    return 0;
}

task<> listen_and_say_so(std::string path, troupe::queue<int> listening) {
    const auto here = listener::local(path);
    co_await listening.put(1);
    co_await troupe::sleep_for(1h);
}

task<bool> taken_over_from_a_killed_one(std::string path) {
    troupe::queue<int> listening;
    const auto doomed = co_await troupe::spawn<&listen_and_say_so>(path, listening);
    co_await listening.get();
    const bool in_use = refused_with([&] { listener::local(path); }) == EADDRINUSE;
    ::kill(doomed.pid(), SIGKILL);
    co_await doomed.join();
    const bool left = exists(path);
    auto here = listener::local(path);
    co_await connected(&here);
    co_return in_use&& left;
}

// Serves until it is asked to stop, and says who it is to whoever connects.
task<> share(int port, int number, troupe::queue<int> listening) {
    auto here = listener::tcp("127.0.0.1", port, {.reuse_port = true});
    co_await listening.put(number_of_port(here));
    for (;;) {
        troupe::socket client = co_await here.accept();
        co_await client.write(std::to_string(number) + "\n");
    }
}

task<std::size_t> answers_from_a_crew() {
    // This process does not listen: one that is started by fork would have a copy of it, to which connections are
    // dealt.
    int port = 0;
    troupe::queue<int> listening;
    std::vector<troupe::actor<>> crew;
    for (int i = 0; i < 2; ++i) {
        auto one = co_await troupe::spawn<&share>(port, i, listening);
        crew.push_back(std::move(one));
        port = (co_await listening.get()).value();
    }
    const std::string address = "tcp:127.0.0.1:" + std::to_string(port);
    std::vector<std::string> seen;
    while (seen.size() < 2) {
        auto one = co_await troupe::socket::connect(address, 10s);
        std::string who;
        const bool said = co_await one.read_line(who);
        if (said && std::find(seen.begin(), seen.end(), who) == seen.end()) seen.push_back(who);
    }
    for (const auto& one : crew) {
        one.terminate(10s);
        co_await one.join();
    }
    co_return seen.size();
}

// No descriptor is left to this process as long as it lives.
class none_left {
public:
    none_left() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const int highest = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
        ::close(highest);
        rlimit now = before_;
        now.rlim_cur = static_cast<rlim_t>(highest);
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    ~none_left() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    none_left(const none_left&) = delete;
    none_left& operator=(const none_left&) = delete;

private:
    rlimit before_{};
};

task<bool> refused_one_by_one() {
    auto here = listener::tcp("127.0.0.1", 0);
    two_sockets before = co_await connected(&here);
    std::vector<troupe::socket> clients;
    for (int i = 0; i < 5; ++i) {
        auto one = co_await troupe::socket::connect(here.address());
        clients.push_back(std::move(one));
    }
    std::size_t refused = 0;
    bool others_go_on = false;
    {
        const none_left of_descriptors;
        for (int i = 0; i < 5; ++i) {
            const int number = co_await number_of(here.accept());
            if (number == EMFILE) ++refused;
        }
        const auto more = co_await troupe::when_any(here.accept(), troupe::sleep_for(1ms));
        others_go_on = more.index() == 1;  // none is left in the backlog
        std::string line;
        co_await before.client.write("still here\n");
        co_await before.server.read_line(line);
        others_go_on = others_go_on && line == "still here";
    }
    for (auto& one : clients) {
        std::string line;
        const int number = co_await number_of(one.read_line(line));
        if (number != ECONNRESET) refused = 0;
    }
    two_sockets after = co_await connected(&here);
    co_return refused == 5 && others_go_on&& static_cast<bool>(after.server);
}

// In a process that has not waited for a descriptor before: for the first wait it needs one more.
int wait_for_the_first_time() {
    watched(troupe::sleep_for(0s));  // its loop has descriptors of its own
    auto here = listener::tcp("127.0.0.1", 0);
    const none_left of_descriptors;
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 3; ++i) {
        if (watched(number_of(here.accept())) != EMFILE) return 1;
    }
    return std::chrono::steady_clock::now() - before < 300ms ? 2 : 42;
}

// One descriptor is left, and a connection waits: it is refused, because nothing could be awaited from it.
int accept_with_the_last_one() {
    watched(troupe::sleep_for(0s));
    auto here = listener::tcp("127.0.0.1", 0);
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(number_of_port(here)));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(client, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return 1;
    const int spare = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
    const none_left of_descriptors;
    ::close(spare);
    return watched(number_of(here.accept())) == EMFILE ? 42 : 2;
}

// One that somebody has shut: a copy of the process may do so. Whoever goes on after an error does not run in circles.
int accept_where_it_was_shut() {
    watched(troupe::sleep_for(0s));
    const int next = ::fcntl(0, F_DUPFD_CLOEXEC, 0);
    ::close(next);
    auto here = listener::tcp("127.0.0.1", 0);  // it has that number
    if (::shutdown(next, SHUT_RDWR) != 0) return 1;
    const auto before = std::chrono::steady_clock::now();
    for (int i = 0; i < 3; ++i) {
        if (watched(number_of(here.accept())) != EINVAL) return 2;
    }
    return std::chrono::steady_clock::now() - before < 300ms ? 3 : 42;
}

int read_for_the_first_time() {
    watched(troupe::sleep_for(0s));
    auto both = outside::piped();
    const none_left of_descriptors;
    std::string line;
    return watched(number_of(both.in.read_line(line))) == EMFILE ? 42 : 1;
}

task<std::size_t> accept_many(listener* here, std::size_t count) {
    std::size_t accepted = 0;
    while (accepted < count) {
        const troupe::socket one = co_await here->accept();
        if (one) ++accepted;
    }
    co_return accepted;
}
task<std::size_t> connect_many(std::string address, std::size_t count) {
    std::size_t connected = 0;
    while (connected < count) {
        const troupe::socket one = co_await troupe::socket::connect(address, 60s);
        if (one) ++connected;
    }
    co_return connected;
}

// --- a crowd before an actor that may have few descriptors

task<> answer(troupe::socket client) {
    try {
        std::string line;
        while (true) {
            const bool more = co_await client.read_line(line);
            if (!more) break;
            co_await client.write(line + "\n");
        }
    } catch (const troupe::io_failed&) {
        // it has hung up
    }
}

task<> serve_with_few(troupe::queue<std::string> where, troupe::queue<int> refusals) {
    auto here = listener::tcp("127.0.0.1", 0);
    co_await where.put(here.address());
    co_await troupe::task_group::run([&](troupe::task_group& clients) -> task<> {
        for (;;) {
            int refused = 0;
            try {
                auto client = co_await here.accept();
                clients.start(answer(std::move(client)));
            } catch (const troupe::io_failed& problem) {
                refused = problem.reason().value();
            }
            if (refused != 0) co_await refusals.put(refused);
        }
    });
}

task<bool> answered(troupe::socket* server) {
    try {
        co_await server->write("hello\n");
        std::string line;
        const bool more = co_await server->read_line(line);
        co_return more&& line == "hello";
    } catch (const troupe::io_failed&) {
        co_return false;
    }
}

struct crowd {
    std::size_t answered = 0, told_so = 0;
};

task<crowd> meet_a_crowd(std::size_t people) {
    troupe::queue<std::string> where;
    troupe::queue<int> refusals;
    const auto server = co_await troupe::spawn<&serve_with_few>({.limits = {.open_files = 64}}, where, refusals);
    const std::string address = (co_await where.get()).value();
    std::vector<troupe::socket> all;
    for (std::size_t i = 0; i < people; ++i) {
        try {
            auto one = co_await troupe::socket::connect(address, 60s);
            all.push_back(std::move(one));
        } catch (const troupe::io_failed&) {
            // refused before it had connected
        }
    }
    crowd met;
    for (int round = 0; round < 2; ++round) {  // the same go on
        met.answered = 0;
        for (troupe::socket& one : all) {
            const bool heard = co_await answered(&one);
            if (heard) ++met.answered;
        }
    }
    while (met.told_so + met.answered < people) {
        const auto number = co_await refusals.get();
        if (number.value() == EMFILE) ++met.told_so;
    }
    server.terminate(10s);
    co_await server.join();
    co_return met;
}

}  // namespace

TEST_CASE("listener: a port in use is refused, and the error says so") {
    const auto here = listener::tcp("127.0.0.1", 0);
    const int port = number_of_port(here);
    CHECK(refused_with([&] { listener::tcp("127.0.0.1", port); }) == EADDRINUSE);
    CHECK_THROWS_WITH(listener::tcp("127.0.0.1", port),
                      "nobody can listen at " + here.address() +
                          ": Address already in use; somebody else has this address; close theirs, take another one "
                          "(port 0 is any that is free), or set reuse_port for all that share it");
}

TEST_CASE("listener: an address that this machine does not have is refused") {
    CHECK(refused_with([] { listener::tcp("192.0.2.1", 0); }) == EADDRNOTAVAIL);
    CHECK_THROWS_AS(listener::tcp("example.org", 0), troupe::misuse);
    CHECK_THROWS_AS(listener::tcp("", 0), troupe::misuse);
    CHECK_THROWS_AS(listener::tcp("127.0.0.1", 65536), troupe::misuse);
    CHECK_THROWS_AS(listener::tcp("127.0.0.1", -1), troupe::misuse);
}

TEST_CASE("listener: a port that one has no right to is refused") {
    if (::geteuid() == 0) return;  // who may do all
    CHECK(refused_with([] { listener::tcp("127.0.0.1", 1); }) == EACCES);
}

TEST_CASE("listener: a path in a directory that one may not write to is refused, and it is not said of a port") {
    if (::geteuid() == 0) return;  // who may do all
    CHECK(refused_with([] { listener::local("/usr/troupe_listener"); }) == EACCES);
    CHECK_THROWS_WITH(listener::local("/usr/troupe_listener"),
                      "nobody can listen at unix:/usr/troupe_listener: Permission denied; the user of this process has "
                      "no right to write to its directory; take a path in another one");
}

TEST_CASE("listener: a port whose listener has gone is free at once") {
    int port = 0;
    {
        auto here = listener::tcp("127.0.0.1", 0);
        port = number_of_port(here);
        watched(connected(&here));
    }
    CHECK(number_of_port(listener::tcp("127.0.0.1", port)) == port);
}

TEST_CASE("listener: the connections to one port are dealt out among a crew") {
    CHECK(watched(answers_from_a_crew()) == 2);
}

TEST_CASE("listener: a path is there as long as its listener, also if that is moved or goes elsewhere") {
    const std::string path = path_for("there");
    {
        auto first = listener::local(path);
        const auto moved = std::move(first);
        CHECK(exists(path));
        CHECK_FALSE(first);
    }
    CHECK_FALSE(exists(path));
}

TEST_CASE("listener: a path that a killed process has left is taken over, and one in use is not") {
    CHECK(watched(taken_over_from_a_killed_one(path_for("taken"))));
    CHECK_FALSE(exists(path_for("taken")));
}

TEST_CASE("listener: what is not a socket is left where it is") {
    const std::string path = path_for("file");
    ::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    CHECK(refused_with([&] { listener::local(path); }) == EEXIST);
    CHECK(exists(path));
    ::unlink(path.c_str());
}

TEST_CASE("listener: the path of another listener is not removed at the end") {
    const std::string path = path_for("other");
    auto first = listener::local(path);
    ::unlink(path.c_str());
    const auto second = listener::local(path);
    first.close();
    CHECK(exists(path));
}

TEST_CASE("listener: a path where none can be is refused") {
    CHECK(refused_with([] { listener::local("/no/such/folder/x"); }) == ENOENT);
    CHECK_THROWS_AS(listener::local(""), troupe::misuse);
    CHECK_THROWS_AS(listener::local(std::string(200, 'x')), troupe::misuse);
    CHECK_THROWS_AS(listener::local(path_for("shared"), {.reuse_port = true}), troupe::misuse);
}

TEST_CASE("listener: a wait for a connection can be cancelled, and the next one still comes") {
    auto here = listener::tcp("127.0.0.1", 0);
    CHECK_THROWS_AS(watched(troupe::with_timeout(1ms, here.accept())), troupe::timed_out);
    CHECK(watched(connected(&here)).server);
}

TEST_CASE("listener: connections for which no descriptor is left are refused one by one, and the others go on") {
    CHECK(watched(refused_one_by_one()));
}

TEST_CASE("listener: one that cannot even wait, for want of a descriptor, says so a few times a second") {
    watched([]() -> task<> {
        const auto one = co_await troupe::spawn<&wait_for_the_first_time>();
        const auto end = co_await one.join();
        CHECK(end.code() == 42);
    }());
}

TEST_CASE("listener: one at which nothing can be accepted any more says so a few times a second") {
    watched([]() -> task<> {
        const auto one = co_await troupe::spawn<&accept_where_it_was_shut>();
        const auto end = co_await one.join();
        CHECK(end.code() == 42);
    }());
}

TEST_CASE("listener: the last descriptor is for waiting, and not for a connection that nobody could wait for") {
    watched([]() -> task<> {
        const auto one = co_await troupe::spawn<&accept_with_the_last_one>();
        const auto end = co_await one.join();
        CHECK(end.code() == 42);
    }());
}

TEST_CASE("stream: a read that cannot even wait, for want of a descriptor, is io_failed") {
    watched([]() -> task<> {
        const auto one = co_await troupe::spawn<&read_for_the_first_time>();
        const auto end = co_await one.join();
        CHECK(end.code() == 42);
    }());
}

TEST_CASE("listener: one after the other, a thousand are accepted") {
    auto here = listener::tcp("127.0.0.1", 0);
    const auto done = watched(troupe::when_all(accept_many(&here, 1000), connect_many(here.address(), 1000)));
    CHECK(std::get<0>(done) == std::get<1>(done));
}

TEST_CASE("listener: of a crowd that is too large some are served, and each of the others is refused with an error") {
    constexpr std::size_t people = 600;
    const crowd met = watched(meet_a_crowd(people));
    CHECK(met.answered > 20);
    CHECK(met.told_so == people - met.answered);
}
