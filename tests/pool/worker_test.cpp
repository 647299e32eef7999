// The workers of a pool: how they are prepared, replaced and ended, and what a pool that is misused says.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>
#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::outcome_of;
using troupe::pool;
using troupe::pool_options;
using troupe::task;

int offset = 0;
void set_offset(int by) { offset = by; }
task<> set_offset_later(int by) {
    co_await troupe::sleep_for(1ms);
    offset = by;
}
int with_offset(int n) { return offset + n; }
void refuse() { throw std::runtime_error("cannot be prepared"); }
void crash() { std::raise(SIGSEGV); }
void hang() {
    for (;;) pause();
}
int process(int) { return getpid(); }
int grow(int mib) {
    static std::vector<char> kept;
    kept.assign(static_cast<std::size_t>(mib) << 20, 'x');
    return getpid();
}
task<int> never(int) {
    co_await troupe::sleep_for(24h);
    co_return 0;
}
int hang_at_exit(int n) {
    std::atexit(&hang);
    return n;
}
std::string own_name(int) { return troupe::this_actor::name(); }

std::vector<int> numbers(int count) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

template <class Body>
void with_pool(pool_options options, Body body) {
    watched([](pool_options o, Body b) -> task<> {
        if (o.workers == 0) o.workers = 2;
        pool crew(std::move(o));
        co_await b(crew);
        co_await crew.close();
    }(std::move(options), std::move(body)));
}

}  // namespace

TEST_CASE("Each worker is prepared before its first task") {
    for (const auto& prepare : {troupe::deferred<set_offset>(1000), troupe::deferred<set_offset_later>(1000)}) {
        with_pool({.prepare = prepare}, [](pool& crew) -> task<> {
            const auto all = co_await crew.map<with_offset>(numbers(100)).collect();
            CHECK(all[42] == 1042);
        });
    }
}

TEST_CASE("A pool whose workers cannot be prepared fails with that error, for every task") {
    for (const bool crashes : {false, true}) {
        watched([](bool how) -> task<> {
            pool crew({.workers = 2, .prepare = how ? troupe::deferred<crash>() : troupe::deferred<refuse>()});
            const auto what = co_await outcome_of(crew.run<with_offset>(1));
            CHECK(what.why().find(how ? "SIGSEGV" : "cannot be prepared") != std::string::npos);
            bool refused = false;
            try {
                static_cast<void>(crew.run<with_offset>(2));
            } catch (const troupe::error&) {
                refused = true;
            }
            CHECK(refused);
            co_await crew.close();
        }(crashes));
    }
}

TEST_CASE("A pool whose workers hang while they are prepared can be closed") {
    watched([]() -> task<> {
        pool crew({.workers = 1, .prepare = troupe::deferred<hang>()});
        auto waits = crew.try_run<with_offset>(1);
        co_await crew.close(20ms);
        const auto what = co_await outcome_of(std::move(*waits));
        CHECK_FALSE(what.ok());
    }());
}

TEST_CASE("A worker is replaced after so many tasks, or when it has grown") {
    with_pool({.workers = 1, .tasks_per_worker = 10}, [](pool& crew) -> task<> {
        const auto pids = co_await crew.map<process>(numbers(100)).collect();
        CHECK(std::set<int>(pids.begin(), pids.end()).size() == 10);
    });
    with_pool({.workers = 1, .worker_memory = 64 << 20}, [](pool& crew) -> task<> {
        const int first = co_await crew.run<grow>(1);
        const int again = co_await crew.run<grow>(128);
        const int next = co_await crew.run<process>(0);
        CHECK(first == again);
        CHECK(next != again);
    });
}

TEST_CASE("A worker that is killed between two tasks costs no task") {
    with_pool({.workers = 1}, [](pool& crew) -> task<> {
        for (int i = 0; i < 10; ++i) {
            const int pid = co_await crew.run<process>(i);
            kill(pid, SIGKILL);
        }
        CHECK(crew.done() == 10);
    });
}

TEST_CASE("A lazy pool starts no worker before there is a task") {
    watched([]() -> task<> {
        pool crew({.workers = 2, .lazy = true});
        co_await troupe::sleep_for(5ms);
        CHECK(troupe::this_actor::children().empty());
        const int one = co_await crew.run<with_offset>(1);
        CHECK(one == 1);
        CHECK(troupe::this_actor::children().size() == 1);
        co_await crew.close();
    }());
}

TEST_CASE("Workers have the name that the pool gives them") {
    with_pool({.worker = {.name = "painter"}}, [](pool& crew) -> task<> {
        const std::string name = co_await crew.run<own_name>(0);
        CHECK(name == "painter");
    });
}

TEST_CASE("A pool that is destroyed leaves nothing, and what is under way fails") {
    watched([]() -> task<> {
        std::optional<pool> crew;
        crew.emplace(pool_options{.workers = 2});
        auto one = crew->try_run<never>(0);
        auto results = crew->map<never>(numbers(100));
        co_await troupe::sleep_for(5ms);
        crew.reset();
        const auto what = co_await outcome_of(std::move(*one));
        CHECK(what.why().find("destroyed") != std::string::npos);
        const auto next = co_await outcome_of(results.next());
        CHECK((next.ok() && !next.value()->ok()));
    }());
}

TEST_CASE("A pool that is closed takes no tasks, and closes once more") {
    watched([]() -> task<> {
        pool crew({.workers = 1});
        const int three = co_await crew.run<with_offset>(3);
        CHECK(three == 3);
        co_await crew.close();
        CHECK_THROWS_AS(crew.run<with_offset>(1), troupe::closed);
        CHECK_THROWS_AS(crew.try_run<with_offset>(1), troupe::closed);
        CHECK_THROWS_AS(crew.map<with_offset>(numbers(3)), troupe::closed);
        co_await crew.close();
    }());
}

TEST_CASE("A pool that is closed while tasks are under way waits for them, or ends them after its budget") {
    watched([]() -> task<> {
        pool crew({.workers = 2});
        auto results = crew.map<with_offset>(numbers(200));
        co_await troupe::when_all(crew.close(), [](troupe::results<int> rest) -> task<> {
            std::size_t found = 0;
            while (auto one = co_await rest.next()) found += one->ok() ? 1 : 0;
            CHECK(found == 200);
        }(std::move(results)));
        pool stuck({.workers = 1});
        auto never_ends = stuck.try_run<never>(0);
        co_await stuck.close(10ms);
        const auto what = co_await outcome_of(std::move(*never_ends));
        CHECK(what.why().find("budget") != std::string::npos);
    }());
}

TEST_CASE("A pool whose workers do not end ends them when its budget is over, or when it is destroyed") {
    watched([]() -> task<> {
        pool closed({.workers = 1});
        co_await closed.run<hang_at_exit>(1);
        co_await closed.close(1ms);
        // A worker may be done with its task before the pool knows that it has begun; then the end of the pool kills
        // it.
        for (bool closed_in_time = true; closed_in_time;) {
            pool destroyed({.workers = 1});
            co_await destroyed.run<hang_at_exit>(1);
            const auto end = co_await outcome_of(troupe::with_timeout(20ms, destroyed.close()));
            closed_in_time = end.ok();
        }
        while (!troupe::this_actor::children().empty()) co_await troupe::yield();
    }());
}

namespace {

// How many of so many inputs failed while workers were killed, and how many were.
struct toll {
    std::size_t failed = 0, kills = 0;
};
task<> kill_workers(std::size_t* count) {
    for (;;) {
        co_await troupe::sleep_for(20ms);
        const auto workers = troupe::this_actor::children();
        if (!workers.empty()) workers[(*count)++ % workers.size()].kill();
    }
}
constexpr int inputs = 200'000;

toll map_under_kills(unsigned attempts) {
    toll seen;
    with_pool({.workers = 2, .attempts = attempts}, [&seen](pool& crew) -> task<> {
        co_await troupe::task_group::run([&](troupe::task_group& group) -> task<> {
            group.start(kill_workers(&seen.kills));
            std::vector<unsigned char> outcomes(inputs);
            auto results = crew.map<with_offset>(numbers(inputs), {.ordered = false});
            while (auto one = co_await results.next()) {
                ++outcomes[one->index()];
                seen.failed += one->ok() ? 0 : 1;
            }
            CHECK(std::count(outcomes.begin(), outcomes.end(), 1) == inputs);
            group.cancel_tasks();
        });
    });
    return seen;
}

}  // namespace

TEST_CASE("Whatever kills workers, every input has exactly one outcome, and only tasks in hand fail") {
    const toll seen = map_under_kills(1);
    CHECK(seen.kills > 0);
    CHECK(seen.failed <= seen.kills);
}

TEST_CASE("With three attempts nearly no input fails, whatever kills workers") {
    CHECK(map_under_kills(3).failed <= 1);
}
