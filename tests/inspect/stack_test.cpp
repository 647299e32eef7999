// Where an actor stands, read from outside: it goes on, or stays stopped.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "inspect/failure.hpp"
#include "inspect/host_process.hpp"
#include "inspect/looking.hpp"
#include "inspect/stack.hpp"
#include "process/tracer.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::task;
using troupe::inspect::actor_state;
using troupe::inspect::held_stack;

struct turn {};
struct block {};

[[gnu::noinline]] void turn_for_ever() {
    for (volatile bool on = true; on;) {
    }
}
[[gnu::noinline]] void wait_for_ever() {
    for (;;) ::pause();
}

task<> computes(troupe::mailbox<turn> inbox) {
    co_await inbox.serve([](turn) { turn_for_ever(); });
}
task<> blocks(troupe::mailbox<block> inbox) {
    co_await inbox.serve([](block) { wait_for_ever(); });
}

constexpr int line_of_innermost = __LINE__ + 1;
task<> sleeps() { co_await troupe::sleep_for(24h); }
constexpr int line_of_middle = __LINE__ + 1;
task<> waits_for_it() { co_await sleeps(); }
constexpr int line_of_outermost = __LINE__ + 1;
task<> nests() { co_await waits_for_it(); }

looking::snapshot seen_when(troupe::inspect::observer& by, const std::string& name, actor_state state) {
    for (;;) {
        auto seen = by.look({.graph = false});
        const auto* const row = looking::find(seen, name);
        if (row != nullptr && row->state == state) return seen;
        ::usleep(1000);
    }
}

bool has_function(const held_stack& found, const std::string& name) {
    return std::any_of(found.frames.begin(), found.frames.end(),
                       [&](const auto& one) { return one.function.find(name) != std::string::npos; });
}
// Whether names can be known: without libdw, there are none.
bool has_names(const held_stack& found) {
    return std::any_of(found.frames.begin(), found.frames.end(), [](const auto& one) { return !one.function.empty(); });
}

char state_of(pid_t pid) {
    const auto process = troupe::inspect::read_process(pid);
    return process ? process->state : '?';
}

task<> shows_a_loop() {
    auto busy = co_await troupe::spawn<computes>({.name = "busy"});
    co_await busy.send(turn{});
    const auto by = looking::at_ourselves();
    const auto seen = seen_when(*by, "busy", actor_state::handling);
    const auto found = troupe::inspect::read_stack(*by, *looking::find(seen, "busy"));
    REQUIRE_FALSE(found.frames.empty());
    CHECK(found.held_ms > 0);
    CHECK((!has_names(found) || has_function(found, "turn_for_ever")));
    CHECK(found.waiting.empty());
    CHECK(state_of(busy.pid()) == 'R');
    busy.kill();
    co_await busy.join();
}

task<> shows_a_call_that_blocks() {
    auto still = co_await troupe::spawn<blocks>({.name = "still"});
    co_await still.send(block{});
    const auto by = looking::at_ourselves();
    const auto seen = seen_when(*by, "still", actor_state::handling);
    while (state_of(still.pid()) != 'S') co_await troupe::sleep_for(1ms);
    const auto found = troupe::inspect::read_stack(*by, *looking::find(seen, "still"));
    CHECK(found.state == 'S');
    CHECK((!has_names(found) || has_function(found, "wait_for_ever")));
    while (state_of(still.pid()) != 'S') co_await troupe::sleep_for(1ms);  // it is in its call again
    still.kill();
    co_await still.join();
}

task<> leaves_it_stopped() {
    auto busy = co_await troupe::spawn<computes>({.name = "busy"});
    co_await busy.send(turn{});
    const auto by = looking::at_ourselves();
    seen_when(*by, "busy", actor_state::handling);
    ::kill(busy.pid(), SIGSTOP);
    const auto seen = seen_when(*by, "busy", actor_state::stopped);
    const auto found = troupe::inspect::read_stack(*by, *looking::find(seen, "busy"));
    CHECK(found.state == 'T');
    CHECK((!has_names(found) || has_function(found, "turn_for_ever")));
    while (state_of(busy.pid()) != 'T') co_await troupe::sleep_for(1ms);
    ::kill(busy.pid(), SIGCONT);
    while (state_of(busy.pid()) != 'R') co_await troupe::sleep_for(1ms);
    busy.kill();
    co_await busy.join();
}

std::vector<int> lines_here(const troupe::inspect::coroutine_line& line) {
    std::vector<int> lines;
    for (const auto& place : line.places) {
        if (place.file.ends_with("stack_test.cpp")) lines.push_back(place.line);
    }
    return lines;
}

task<> shows_who_waits() {
    auto one = co_await troupe::spawn<nests>({.name = "one"});
    const auto by = looking::at_ourselves();
    const auto seen = co_await looking::until(
        by, {.graph = false}, [](const looking::snapshot& now) { return looking::waits_for(now, "one", "time"); });
    const auto found = troupe::inspect::read_stack(*by, *looking::find(seen, "one"));
    REQUIRE(found.waiting.size() == 1);
    CHECK(found.waiting[0].why.kind == "time");
    CHECK(lines_here(found.waiting[0]) == std::vector{line_of_innermost, line_of_middle, line_of_outermost});
    CHECK(found.waiting[0].functions.size() == found.waiting[0].places.size());
    one.kill();
    co_await one.join();
}

task<> tells_that_it_is_traced() {
    auto busy = co_await troupe::spawn<computes>({.name = "busy"});
    co_await busy.send(turn{});
    const auto by = looking::at_ourselves();
    seen_when(*by, "busy", actor_state::handling);
    {
        testing::tracer debugger(busy.pid());
        if (debugger.attached()) {
            const auto seen = by->look({.graph = false});
            std::string said;
            try {
                troupe::inspect::read_stack(*by, *looking::find(seen, "busy"));
            } catch (const troupe::inspect::failure& refused) {
                said = refused.what();
            }
            CHECK(said.find("is traced by") != std::string::npos);
            CHECK(said.find("interrupt it there") != std::string::npos);
        }
    }
    busy.kill();
    co_await busy.join();
}

task<> tells_that_it_has_ended() {
    auto busy = co_await troupe::spawn<computes>({.name = "busy"});
    const auto by = looking::at_ourselves();
    const auto seen = by->look({.graph = false});
    busy.kill();
    co_await busy.join();
    CHECK_THROWS_AS(troupe::inspect::read_stack(*by, *looking::find(seen, "busy")), troupe::inspect::failure);
}

task<> leaves_others_alone() {
    const auto by = looking::at_ourselves();
    auto row = *looking::find(by->look({.graph = false}), "program");
    row.pid = ::getppid();
    CHECK_THROWS_WITH(troupe::inspect::read_stack(*by, row), checks::contains("is none of the program's"));
    co_return;
}

}  // namespace

TEST_CASE("stack: an actor that computes is shown where it does, and goes on") { watched(shows_a_loop()); }
TEST_CASE("stack: a call that blocks is shown, and goes on blocking") { watched(shows_a_call_that_blocks()); }
TEST_CASE("stack: an actor that is stopped stays stopped") { watched(leaves_it_stopped()); }
TEST_CASE("stack: each waiting coroutine has its line, and those that wait for it follow") {
    watched(shows_who_waits());
}
TEST_CASE("stack: of a process that runs under a debugger it is said what to do") {
    watched(tells_that_it_is_traced());
}
TEST_CASE("stack: a process that is none of the program's is not held, whatever the memory says") {
    watched(leaves_others_alone());
}
TEST_CASE("stack: an actor that has ended has none") { watched(tells_that_it_has_ended()); }
