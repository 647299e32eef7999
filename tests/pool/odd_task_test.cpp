// Tasks that do what tasks should not: whatever they throw, return or leave in their process, it costs nobody else
// anything.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using checks::contains;
using troupe::outcome_of;
using troupe::pool;
using troupe::task;

int square(int n) { return n * n; }

// --- what is thrown

struct without_default : std::exception {  // which Python could not make again from a pickle
    without_default(int code, const std::string& where) : text_(where + " has " + std::to_string(code)) {}
    const char* what() const noexcept override { return text_.c_str(); }

private:
    std::string text_;
};
int throw_without_default(int n) { throw without_default(n, "the disk"); }
int throw_a_number(int n) { throw n; }
int refuse(int n) {
    if (n != 0) throw std::runtime_error("out of noexcept");
    return n;
}
int throw_from_noexcept(int n) noexcept { return refuse(n); }

// --- what is returned

troupe::queue<int> moved_away(int) {
    troupe::queue<int> made;
    const auto kept = std::move(made);
    return made;
}

// --- what is left in the worker's process

int open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<int>(std::distance(begin(all), end(all)));
}
int leave_open(int) {
    static_cast<void>(open("/dev/null", O_RDONLY | O_CLOEXEC));
    return open_descriptors();
}
int leave_thread(int n) {
    std::thread([] {
        for (;;) std::this_thread::sleep_for(1h);
    }).detach();
    return n;
}
int print_to(std::string path, int n) {
    if (std::freopen(path.c_str(), "w", stdout) == nullptr) return -1;
    std::printf("task %d", n);
    return n;
}
int leave_child(int n) {
    if (fork() == 0) {
        close(STDOUT_FILENO);
        for (int i = 0; i < 100; ++i) usleep(1000);
        _exit(0);
    }
    return n;
}
int block_signals(int n) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    signal(SIGTERM, SIG_IGN);
    return n;
}

std::vector<int> numbers(int count) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

template <class Body>
void with_pool(troupe::pool_options options, Body body) {
    watched([](troupe::pool_options o, Body b) -> task<> {
        if (o.workers == 0) o.workers = 1;
        pool crew(std::move(o));
        co_await b(crew);
        co_await crew.close();
    }(std::move(options), std::move(body)));
}

}  // namespace

TEST_CASE("A task may throw anything: its type and text arrive, whether or not it could be made again") {
    with_pool({}, [](pool& crew) -> task<> {
        const auto odd = co_await outcome_of(crew.run<throw_without_default>(5));
        CHECK_THAT(odd.why(), contains("without_default") && contains("the disk has 5"));
        const auto number = co_await outcome_of(crew.run<throw_a_number>(5));
        CHECK_THAT(number.why(), contains("int"));
        CHECK(crew.replaced() == 0);
    });
}

TEST_CASE("A task that throws out of noexcept ends its worker, and fails with how that ended") {
    with_pool({}, [](pool& crew) -> task<> {
        const auto what = co_await outcome_of(crew.run<throw_from_noexcept>(1));
        CHECK(what.status().value_or(troupe::exit_status()).signal() == SIGABRT);
        const int next = co_await crew.run<square>(3);
        CHECK(next == 9);
    });
}

TEST_CASE("A task whose result cannot be sent fails with the reason, and its worker goes on") {
    with_pool({}, [](pool& crew) -> task<> {
        const auto what = co_await outcome_of(crew.run<moved_away>(1));
        CHECK_THAT(what.why(), contains("moved from"));
        const int next = co_await crew.run<square>(3);
        CHECK(next == 9);
        CHECK(crew.replaced() == 0);
    });
}

TEST_CASE("Descriptors that tasks leave open go with their worker") {
    constexpr int each = 10;
    with_pool({.tasks_per_worker = each}, [](pool& crew) -> task<> {
        const int before = co_await crew.run<leave_open>(0);
        auto results = crew.map<leave_open>(numbers(100));
        while (auto one = co_await results.next()) {
            if (!one->ok() || one->value() > before + each) FAIL_CHECK(one->index() << ": " << one->why());
        }
        CHECK(crew.replaced() >= 9);
    });
}

TEST_CASE("Threads that tasks leave running keep no worker, and no pool, from ending") {
    with_pool({.tasks_per_worker = 3}, [](pool& crew) -> task<> {
        const auto all = co_await crew.map<leave_thread>(numbers(10)).collect();
        CHECK(all == numbers(10));
    });
}

TEST_CASE("A process that a task leaves behind keeps nobody waiting") {
    with_pool({}, [](pool& crew) -> task<> {
        const auto all = co_await crew.map<leave_child>(numbers(3)).collect();
        CHECK(all == numbers(3));
    });
}

TEST_CASE("A worker whose tasks block all signals is replaced and ended like others") {
    with_pool({.tasks_per_worker = 2}, [](pool& crew) -> task<> {
        const auto all = co_await crew.map<block_signals>(numbers(6)).collect();
        CHECK(all == numbers(6));
    });
}

TEST_CASE("What a task prints is written before its result counts") {
    char path[] = "/tmp/troupe-printed-XXXXXX";
    close(mkstemp(path));
    with_pool({.tasks_per_worker = 1}, [&path](pool& crew) -> task<> {
        for (int i = 0; i < 3; ++i) {
            const int number = co_await crew.run<print_to>(std::string(path), i);
            CHECK(number == i);
            std::string printed;
            std::getline(std::ifstream(path), printed);
            CHECK(printed == "task " + std::to_string(i));
        }
    });
    unlink(path);
}
