// One task of a pool: what comes of it, whatever its function does.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::outcome_of;
using troupe::pool;
using troupe::task;

int square(int n) { return n * n; }
int add(int a, int b) { return a + b; }
int seven() { return 7; }
void nothing(int) {}
task<std::string> greet(std::string name) {
    co_await troupe::sleep_for(1ms);
    co_return "hello " + name;
}
int refuse(std::string text) { throw std::invalid_argument(text); }
int die_of(int signal) {
    std::raise(signal);
    return 0;
}
int leave_with(int code) { std::exit(code); }
int loop_for_ever(int) {
    for (;;) asm volatile("");
}
int stop_itself(int) {
    raise(SIGSTOP);
    return 0;
}
std::string long_text(std::size_t length) { return std::string(length, 'x'); }
std::string far_too_large(int) { return std::string((std::size_t{1} << 30) + 1, 'x'); }
int get_one(troupe::queue<int> from) { return troupe::sync_wait(from.get()).value(); }
troupe::queue<int> a_queue_with(int n) {
    troupe::queue<int> made;
    troupe::sync_wait(made.put(n));
    return made;
}
troupe::buffer doubled(troupe::buffer from) {
    troupe::buffer made(from.size());
    for (std::size_t i = 0; i < made.size(); ++i) made.data()[i] = std::byte(2 * std::to_integer<int>(from.data()[i]));
    return made;
}
std::string where_am_i() { return std::unique_ptr<char, void (*)(void*)>(get_current_dir_name(), &std::free).get(); }
int go_to(std::string directory) { return chdir(directory.c_str()); }
int use_a_pool_of_its_own(int n) {
    return troupe::sync_wait([](int m) -> task<int> {
        pool inner({.workers = 1});
        const int found = co_await inner.run<square>(m);
        co_await inner.close();
        co_return found;
    }(n));
}
int close_stdout(int n) {
    close(STDOUT_FILENO);
    return n;
}
task<int> never() {
    co_await troupe::sleep_for(24h);
    co_return 0;
}

// A pool of one worker, and what `body` gives; the pool is closed before the case ends.
template <class Body>
auto with_pool(troupe::pool_options options, Body body) {
    return watched([](troupe::pool_options o, Body b) -> std::invoke_result_t<Body&, pool&> {
        if (o.workers == 0) o.workers = 1;
        pool crew(std::move(o));
        if constexpr (std::is_same_v<std::invoke_result_t<Body&, pool&>, task<>>) {
            co_await b(crew);
            co_await crew.close();
        } else {
            auto found = co_await b(crew);
            co_await crew.close();
            co_return found;
        }
    }(std::move(options), std::move(body)));
}

}  // namespace

TEST_CASE("A task gives what its function returns") {
    with_pool({}, [](pool& crew) -> task<> {
        const int squared = co_await crew.run<square>(12);
        CHECK(squared == 144);
        const int sum = co_await crew.run<add>(3, 4);
        CHECK(sum == 7);
        const int constant = co_await crew.run<seven>();
        CHECK(constant == 7);
        co_await crew.run<nothing>(1);
        const std::string greeting = co_await crew.run<greet>("Ada");
        CHECK(greeting == "hello Ada");
        const int by_lambda = co_await crew.run<[](int n) { return n + 1; }>(41);
        CHECK(by_lambda == 42);
        CHECK(crew.done() == 6);
        CHECK(crew.waiting() + crew.running() == 0);
    });
}

TEST_CASE("A task that throws fails with the type and the text, and its worker goes on") {
    with_pool({}, [](pool& crew) -> task<> {
        const auto what = co_await outcome_of(crew.run<refuse>("no"));
        CHECK(what.why() == "the handler threw std::invalid_argument: no");
        const auto longer = co_await outcome_of(crew.run<refuse>(std::string(100'000, 'n')));
        CHECK(longer.why().size() > 100'000);
        co_await crew.run<square>(2);
        CHECK(crew.replaced() == 0);
    });
}

TEST_CASE("A task whose worker dies fails with how it ended, and the worker is replaced") {
    with_pool({}, [](pool& crew) -> task<> {
        for (const int signal : {SIGSEGV, SIGKILL, SIGABRT}) {
            const auto what = co_await outcome_of(crew.run<die_of>(signal));
            CHECK_FALSE(what.ok());
            CHECK(what.status().has_value());
            CHECK(what.status().value_or(troupe::exit_status()).signal() == signal);
        }
        const auto left = co_await outcome_of(crew.run<leave_with>(3));
        CHECK(left.status().value_or(troupe::exit_status()).code() == 3);
        const int squared = co_await crew.run<square>(5);
        CHECK(squared == 25);
        CHECK(crew.replaced() == 4);  // the task after it was done by the fifth
    });
}

TEST_CASE("A task that takes longer than the time-out fails, says where it was, and its worker is replaced") {
    with_pool({.task_timeout = 300ms}, [](pool& crew) -> task<> {
        const auto looped = co_await outcome_of(crew.run<loop_for_ever>(0));
        CHECK(looped.status().value_or(troupe::exit_status()).hung());
        CHECK(looped.why().find("took too long to handle a task") != std::string::npos);
        CHECK_FALSE(looped.status().value_or(troupe::exit_status()).stack().empty());
#ifdef TROUPE_SYMBOLS
        CHECK(looped.why().find("loop_for_ever") != std::string::npos);
#endif
        const auto stopped = co_await outcome_of(crew.run<stop_itself>(0));
        CHECK(stopped.status().value_or(troupe::exit_status()).hung());
        const int squared = co_await crew.run<square>(6);
        CHECK(squared == 36);
    });
}

TEST_CASE("Tasks that are each shorter than the time-out are not killed for the time that they take together") {
    with_pool({.task_timeout = 1s}, [](pool& crew) -> task<> {
        for (int i = 0; i < 40; ++i) co_await crew.run<[](int) { usleep(30'000); }>(i);
        CHECK(crew.replaced() == 0);
    });
}

TEST_CASE("A result of any size arrives, and one over the limit fails") {
    with_pool({}, [](pool& crew) -> task<> {
        for (const std::size_t length : {0, 1, 4'000, 5'000, 1'000'000, 30'000'000}) {
            const std::string text = co_await crew.run<long_text>(length);
            CHECK(text.size() == length);
        }
        const auto what = co_await outcome_of(crew.run<far_too_large>(0));
        CHECK(what.why().find("troupe::too_large") != std::string::npos);
    });
}

TEST_CASE("Arguments and results carry handles") {
    with_pool({}, [](pool& crew) -> task<> {
        troupe::queue<int> numbers;
        co_await numbers.put(5);
        const int five = co_await crew.run<get_one>(numbers);
        CHECK(five == 5);
        const troupe::queue<int> made = co_await crew.run<a_queue_with>(8);
        const auto eight = co_await made.get();
        CHECK(eight == 8);
        troupe::buffer bytes(3);
        bytes.data()[2] = std::byte{21};
        const troupe::buffer twice = co_await crew.run<doubled>(std::move(bytes));
        CHECK(twice.size() == 3);
        CHECK(twice.data()[2] == std::byte{42});
    });
}

TEST_CASE("A task may change its directory, close stdout, or use a pool of its own") {
    with_pool({.tasks_per_worker = 1}, [](pool& crew) -> task<> {
        const std::string before = co_await crew.run<where_am_i>();
        const int gone = co_await crew.run<go_to>("/");
        CHECK(gone == 0);
        const std::string after = co_await crew.run<where_am_i>();
        CHECK(after == before);
        const int one = co_await crew.run<close_stdout>(1);
        CHECK(one == 1);
        const int squared = co_await crew.run<use_a_pool_of_its_own>(4);
        CHECK(squared == 16);
    });
}

TEST_CASE("A task that is given in while the pool is full waits, and a try is refused") {
    with_pool({.waiting = 1}, [](pool& crew) -> task<> {
        auto first = crew.try_run<never>();
        CHECK(first.has_value());
        CHECK_FALSE(crew.try_run<seven>().has_value());
        bool timed_out = false;
        try {
            co_await troupe::with_timeout(20ms, crew.run<seven>());
        } catch (const troupe::timed_out&) {
            timed_out = true;
        }
        CHECK(timed_out);
        co_await crew.close(0ns);
        const auto what = co_await outcome_of(std::move(*first));
        CHECK(what.why().find("closed") != std::string::npos);
    });
}

TEST_CASE("A task that is given in and dropped before a worker has begun it is not called") {
    with_pool({}, [](pool& crew) -> task<> {
        auto busy = crew.try_run<never>();
        CHECK(crew.try_run<seven>().has_value());
        CHECK(crew.done() == 1);
        CHECK(crew.waiting() + crew.running() == 1);
        co_await crew.close(0ns);
    });
}

TEST_CASE("A task that is cancelled before a worker has begun it is not called") {
    with_pool({}, [](pool& crew) -> task<> {
        const troupe::queue<int> calls;
        auto busy = crew.try_run<never>();
        bool timed_out = false;
        try {
            co_await troupe::with_timeout(10ms,
                                          crew.run<[](troupe::queue<int> to) { troupe::sync_wait(to.put(1)); }>(calls));
        } catch (const troupe::timed_out&) {
            timed_out = true;
        }
        CHECK(timed_out);
        co_await crew.close(0ns);
        CHECK(calls.size() == 0);
    });
}
