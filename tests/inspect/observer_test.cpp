// What is seen of a program from outside, and that looking changes nothing.
#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <troupe/troupe.hpp>

#include "catch.hpp"
#include "inspect/failure.hpp"
#include "inspect/looking.hpp"
#include "watched.hpp"

namespace {

using namespace std::chrono_literals;
using troupe::task;
using troupe::inspect::actor_state;

struct job {
    std::uint64_t number;
    double weight;
};
struct letter {
    std::string subject;
    int urgency;
};
struct spin {};

task<> never_reads(troupe::mailbox<job, letter>) { co_await troupe::sleep_for(24h); }
task<> waits_for_mail(troupe::mailbox<job> inbox) {
    while (co_await inbox.receive()) {
    }
}
task<> spins(troupe::mailbox<spin> inbox) {
    co_await inbox.serve([](spin) {
        for (volatile bool on = true; on;) {
        }
    });
}

task<> sleeps_at_each(troupe::mailbox<job> inbox) {
    co_await inbox.serve([](const job&) { std::this_thread::sleep_for(5ms); });
}

// All of it is one turn.
task<> knows_each_handler_of_a_turn() {
    const auto slow = co_await troupe::spawn<sleeps_at_each>({.name = "slow"});
    for (int i = 0; i < 200; ++i) co_await slow.send(job{1, 0.5});
    const auto observer = looking::at_ourselves();
    const auto first = co_await looking::until(observer, {}, [](const looking::snapshot& now) {
        return looking::find(now, "slow")->handling && looking::find(now, "slow")->handled > 0;
    });
    const auto& before = *looking::find(first, "slow");
    looking::snapshot next = observer->look({});
    while (looking::find(next, "slow")->handled == before.handled) next = observer->look({});
    const auto& after = *looking::find(next, "slow");
    if (after.handling) CHECK(after.handling->since >= before.taken_at);
    slow.kill();
    co_await slow.join();
}

task<> shows_what_actors_do() {
    auto full = co_await troupe::spawn<never_reads>({.name = "full"});
    auto idle = co_await troupe::spawn<waits_for_mail>({.name = "idle"});
    auto busy = co_await troupe::spawn<spins>({.name = "busy"});
    for (std::uint64_t i = 0; i < 6; ++i) co_await full.send(job{i, 0.5});
    for (int i = 0; i < 4; ++i) co_await full.send(letter{"number " + std::to_string(i), i});
    co_await full.send(letter{std::string(100'000, 'x'), 0});
    co_await busy.send(spin{});
    const auto by = looking::at_ourselves();
    const auto seen = co_await looking::until(by, {.channels = true}, [](const looking::snapshot& now) {
        const auto* const spinner = looking::find(now, "busy");
        return looking::waits_for(now, "idle", "mailbox") && looking::waits_for(now, "full", "time") &&
               spinner != nullptr && spinner->state == actor_state::handling && spinner->cpu.value_or(0) > 0;
    });
    CHECK(seen.actors.size() == 4);
    CHECK(seen.actors.front().name == "program");
    CHECK(seen.damaged.empty());
    CHECK(seen.program.pid == ::getpid());
    CHECK(seen.program.shared_bytes > 0);
    CHECK(seen.program.shared_bytes <= seen.program.shared_budget);
    const auto& row = *looking::find(seen, "full");
    CHECK(row.parent == seen.actors.front().id);
    CHECK(row.pid == full.pid());
    CHECK(row.memory > 0);
    CHECK(row.mailbox->messages == 11);
    CHECK(row.mailbox->bytes > 6 * 16 + 100'000);
    CHECK(row.mailbox->oldest.has_value());
    CHECK(looking::find(seen, "idle")->mailbox->messages == 0);
    CHECK(looking::find(seen, "busy")->waits.empty());
    full.kill();
    idle.kill();
    busy.kill();
    co_await full.join();
    co_await idle.join();
    co_await busy.join();
}

task<> shows_each_message() {
    auto full = co_await troupe::spawn<never_reads>({.name = "full"});
    std::vector<job> many;
    for (std::uint64_t i = 0; i < 100; ++i) many.push_back({i, 1.0});
    co_await full.send_many(many);
    co_await full.send(letter{std::string(100'000, 'x'), 7});
    const auto by = looking::at_ourselves();
    const auto seen = by->look({});
    const auto messages = by->messages(looking::find(seen, "full")->mailbox->channel, true);
    REQUIRE(messages.size() == 101);
    for (std::uint64_t i = 0; i < 100; ++i) {
        CHECK(messages[i].index == i);
        CHECK(messages[i].flat);
        CHECK(messages[i].from_name == "program");
        std::uint64_t number = 0;
        REQUIRE(messages[i].content.size() == sizeof(job));
        std::memcpy(&number, messages[i].content.data(), sizeof number);
        CHECK(number == i);
    }
    CHECK(messages.back().bytes > 100'000);
    CHECK(messages.back().content.empty());  // it is read when it is wanted, one at a time
    CHECK(by->content_of(messages.back()).size() == messages.back().bytes);
    CHECK(by->content_of(messages.front()).size() == sizeof(job));
    const auto types = by->by_type(messages);
    REQUIRE(types.size() == 2);
    CHECK(types.front().messages == 100);
    CHECK(types.front().bytes == 1600);
    CHECK(by->by_sender(messages).front().messages == 101);
    full.kill();
    co_await full.join();
}

task<> changes_nothing() {
    auto idle = co_await troupe::spawn<waits_for_mail>({.name = "idle"});
    const auto by = looking::at_ourselves();
    const troupe::inspect::observer::wanted all{true, true, true, true, true};
    const auto before = co_await looking::until(
        by, all, [](const looking::snapshot& now) { return looking::waits_for(now, "idle", "mailbox"); });
    struct stat about{}, after{};
    REQUIRE(::stat(by->program().memory.c_str(), &about) == 0);
    for (int i = 0; i < 20; ++i) static_cast<void>(by->look(all));
    REQUIRE(::stat(by->program().memory.c_str(), &after) == 0);
    CHECK(about.st_blocks == after.st_blocks);
    const auto now = by->look(all);
    CHECK(looking::find(now, "idle")->wake_ups == looking::find(before, "idle")->wake_ups);
    CHECK(looking::find(now, "idle")->since == looking::find(before, "idle")->since);
    idle.stop();
    co_await idle.join();
}

task<> forwards(troupe::mailbox<job> inbox, troupe::queue<job> to) {
    while (auto one = co_await inbox.receive()) co_await to.put(*one);
}

// Numbers go through in order, so what is seen at one moment is a piece of that row.
task<> is_never_shown_mixed() {
    troupe::queue<job> done({.capacity = 100'000});
    auto passing = co_await troupe::spawn<forwards>({.name = "passing"}, done);
    const auto by = looking::at_ourselves();
    const std::uint64_t mailbox = looking::find(by->look({}), "passing")->mailbox->channel;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        co_await passing.send(job{i, 1.0});
        if (i % 200 != 0) continue;
        std::uint64_t last = 0;
        for (const auto& one : by->messages(mailbox, true)) {
            if (one.in_flight) continue;
            std::uint64_t number = 0;
            REQUIRE(one.content.size() == sizeof(job));
            std::memcpy(&number, one.content.data(), sizeof number);
            REQUIRE(number <= i);
            REQUIRE((last == 0 || number > last));
            last = number;
        }
    }
    passing.kill();
    co_await passing.join();
}

task<> shows_queues_and_pipes() {
    troupe::queue<job> jobs({.capacity = 16});
    for (std::uint64_t i = 0; i < 3; ++i) co_await jobs.put(job{i, 1.0});
    auto [here, there] = troupe::pipe<letter, job>();
    co_await here.send(letter{"on its way", 1});
    const auto seen = looking::at_ourselves()->look({.channels = true});
    std::size_t queues = 0, pipes = 0;
    for (const auto& one : seen.channels) {
        if (one.kind == "queue") {
            ++queues;
            CHECK(one.messages == 3);
            CHECK(one.bytes == 48);
            CHECK(one.capacity == 16);
            CHECK(one.readers == std::vector{seen.actors.front().id});
            CHECK(one.writers == one.readers);
            CHECK(one.made_by_name == "program");
        } else if (one.kind == "pipe") {
            ++pipes;
            CHECK(one.messages == (one.bytes != 0 ? 1 : 0));
            CHECK(one.open);
        }
    }
    CHECK(queues == 1);
    CHECK(pipes == 2);
}

task<> holds_it(troupe::mutex lock, troupe::queue<int> begun) {
    const auto held = co_await lock.lock();
    co_await begun.put(1);
    co_await troupe::sleep_for(24h);
}
task<> wants_it(troupe::mutex lock) { static_cast<void>(co_await lock.lock()); }

task<> shows_who_has_a_lock() {
    const troupe::mutex lock;
    troupe::queue<int> begun;
    auto holder = co_await troupe::spawn<holds_it>({.name = "holder"}, lock, begun);
    co_await begun.get();
    auto waiter = co_await troupe::spawn<wants_it>({.name = "waiter"}, lock);
    const auto seen =
        co_await looking::until(looking::at_ourselves(), {.cells = true},
                                [](const looking::snapshot& now) { return looking::waits_for(now, "waiter", "lock"); });
    REQUIRE(seen.cells.size() == 1);
    CHECK(seen.cells.front().kind == "mutex");
    CHECK(seen.cells.front().holder == looking::find(seen, "holder")->id);
    CHECK(seen.cells.front().waiting == std::vector{looking::find(seen, "waiter")->id});
    REQUIRE(seen.edges.size() == 1);
    CHECK(seen.edges.front().why.kind == "lock");
    CHECK(seen.cycles.empty());
    holder.kill();
    co_await holder.join();
    co_await waiter.join();
}

}  // namespace

TEST_CASE("observer: a program is found by its memory, once") {
    std::size_t found = 0;
    for (const auto& one : troupe::inspect::find_programs().programs) found += one.pid == ::getpid() ? 1 : 0;
    CHECK(found == 1);
    CHECK(troupe::inspect::choose_program(::getpid()).pid == ::getpid());
}

TEST_CASE("observer: a process that is no part of a program is told so") {
    const pid_t parent = ::getppid();
    CHECK_THROWS_AS(troupe::inspect::choose_program(parent), troupe::inspect::failure);
    CHECK_THROWS_WITH(troupe::inspect::choose_program(1 << 30), "there is no process 1073741824");
}

TEST_CASE("observer: what actors do and wait for is shown, and what lies in their mailboxes") {
    watched(shows_what_actors_do());
}
TEST_CASE("observer: a handler is told since when others of the same turn have ended") {
    watched(knows_each_handler_of_a_turn());
}
TEST_CASE("observer: messages of batches and parcels are shown one by one, with their bytes") {
    watched(shows_each_message());
}
TEST_CASE("observer: looking makes no page and wakes nobody") { watched(changes_nothing()); }
TEST_CASE("observer: while a ring is written and read, each message shown was in it") {
    watched(is_never_shown_mixed());
}
TEST_CASE("observer: queues and pipes are shown with what they hold, and with who holds them") {
    watched(shows_queues_and_pipes());
}
TEST_CASE("observer: a lock is shown with its holder and its line") { watched(shows_who_has_a_lock()); }
