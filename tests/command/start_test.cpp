// Commands that are written to and read from while they run.
#include "command/commands.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "catch.hpp"

using namespace std::chrono_literals;
using commanding::shell;
using troupe::command;
using troupe::task;

namespace {

task<> talk() {
    auto cat = co_await command({"cat"}).start();
    std::string line;
    for (const char* word : {"one", "two"}) {
        co_await cat.input().write(std::string(word) + "\n");
        const bool there = co_await cat.output().read_line(line);
        CHECK(there);
        CHECK(line == word);
    }
    cat.input().close();
    const bool more = co_await cat.output().read_line(line);
    CHECK_FALSE(more);
    const auto end = co_await cat.join();
    CHECK(end.success());
}

task<> read_both() {
    auto both = co_await shell("echo out; echo err >&2").start();
    std::string out, err;
    co_await both.output().read_line(out);
    co_await both.error().read_line(err);
    CHECK(out + err == "outerr");
    const auto end = co_await both.join();
    const auto again = co_await both.join();
    CHECK(end == again);
}

task<> read_late() {
    auto quick = co_await command({"echo", "late"}).start();
    co_await quick.join();
    std::string line;
    co_await quick.output().read_line(line);
    CHECK(line == "late");
}

task<> send_signals() {
    auto one = co_await shell("trap 'echo usr1' USR1; echo ready; while :; do read line || :; done").start();
    std::string line;
    co_await one.output().read_line(line);
    one.signal(SIGUSR1);
    co_await one.input().write("\n");  // a shell looks at its traps between two commands
    co_await one.output().read_line(line);
    CHECK(line == "usr1");
    one.signal(SIGKILL);
    const auto end = co_await one.join();
    CHECK(end.code() == -SIGKILL);
    one.signal(SIGKILL);  // it has ended: nothing
}

task<> end_with_group() {
    auto parent = co_await shell("sleep 1000 & echo $!; wait").start();
    const pid_t child = co_await commanding::read_pid(&parent.output());
    const auto end = co_await parent.end();
    CHECK(end.code() == -SIGTERM);
    co_await commanding::until_over(child);
}

task<> end_stubborn() {
    auto stubborn = co_await shell("trap '' TERM; echo ready; while :; do sleep 1000; done").start();
    std::string line;
    co_await stubborn.output().read_line(line);
    const auto end = co_await stubborn.end(10ms);
    CHECK(end.code() == -SIGKILL);
}

constexpr char leave_group[] = "setpgrp(0, getpgrp(getppid())); $| = 1; print qq(left\n); sleep 1000";

// The program's group has it by then.
task<> end_where_it_has_left_its_group() {
    pid_t its = 0;
    for (const bool dropped : {false, true}) {
        auto left = co_await command({"perl", "-e", leave_group}).start();
        std::string line;
        co_await left.output().read_line(line);
        REQUIRE(line == "left");
        its = left.pid();
        CHECK(getpgid(its) == getpgrp());
        if (dropped) break;
        const auto end = co_await left.end();
        CHECK(end.code() == -SIGTERM);
    }
    co_await commanding::until_over(its);
}

task<> drop() {
    pid_t its = 0, child = 0;
    {
        auto dropped = co_await shell("sleep 1000 & echo $!; wait").start();
        its = dropped.pid();
        child = co_await commanding::read_pid(&dropped.output());
    }
    co_await commanding::until_over(its);
    co_await commanding::until_over(child);
}

task<> write_to_one_that_is_gone() {
    auto gone = co_await command({"true"}).start();
    co_await gone.join();
    bool refused = false;
    try {
        for (;;) co_await gone.input().write(std::string(1 << 20, 'x'));
    } catch (const troupe::io_failed& problem) {
        refused = problem.reason().value() == EPIPE;
    }
    CHECK(refused);
}

task<> too_many() {
    std::vector<troupe::running_command> all;
    for (int i = 0; i < 64; ++i) all.push_back(co_await command({"sleep", "1000"}).start());
    bool refused = false;
    try {
        co_await command({"true"}).run();
    } catch (const troupe::spawn_failed& problem) {
        refused = true;
        CHECK_THAT(problem.what(), checks::contains("has 64 commands already"));
    }
    CHECK(refused);
    all.pop_back();
    const auto result = co_await command({"true"}).run();
    CHECK(result.status.success());
}

task<> start_one(std::vector<troupe::running_command>* into) {
    auto one = co_await command({"sleep", "1000"}).start();
    into->push_back(std::move(one));
}

// The places of all become free at about the same time, and as many wait for them.
task<> start_all_anew() {
    std::vector<troupe::running_command> all, next;
    for (int i = 0; i < 64; ++i) co_await start_one(&all);
    all.clear();
    co_await troupe::task_group::run([&](troupe::task_group& group) -> task<> {
        for (int i = 0; i < 64; ++i) group.start(start_one(&next));
        co_await group.join();
    });
    CHECK(next.size() == 64);
}

task<> start_if_there_is_room(std::vector<troupe::running_command>* into, int* refused) {
    try {
        co_await start_one(into);
    } catch (const troupe::spawn_failed&) {
        ++*refused;
    }
}

task<> two_for_one_place() {
    std::vector<troupe::running_command> all;
    int refused = 0;
    for (int i = 0; i < 64; ++i) co_await start_one(&all);
    all.pop_back();
    co_await troupe::when_all(start_if_there_is_room(&all, &refused), start_if_there_is_room(&all, &refused));
    CHECK(all.size() == 64);
    CHECK(refused == 1);
}

// In a child that somebody's own code forks.
task<> use_in_a_copy() {
    auto one = co_await command({"sleep", "1000"}).start();
    const pid_t copy = fork();
    if (copy == 0) {
        int refused = 0;
        try {
            one.signal(SIGKILL);
        } catch (const troupe::misuse&) {
            ++refused;
        }
        try {
            static_cast<void>(one.join());
        } catch (const troupe::misuse&) {
            ++refused;
        }
        _exit(refused == 2 ? 42 : 1);
    }
    int status = -1;
    waitpid(copy, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 42);
    CHECK_FALSE(commanding::is_over(one.pid()));
}

task<> note_what_join_throws(troupe::running_command* one, std::string* into) {
    try {
        co_await one->join();
    } catch (const troupe::closed& problem) {
        *into = problem.what();
    }
}

task<> destroy_while_joined() {
    std::string first, second;
    co_await troupe::task_group::run([&](troupe::task_group& group) -> task<> {
        auto one = co_await command({"sleep", "1000"}).start();
        group.start(note_what_join_throws(&one, &first));
        group.start(note_what_join_throws(&one, &second));
        co_await troupe::sleep_for(1ms);
        one = {};
        co_await group.join();
    });
    CHECK_THAT(first, checks::contains("command 'sleep' was let go of while somebody waited"));
    CHECK(second == first);
}

task<> time_out_a_join() {
    auto slow = co_await command({"sleep", "1000"}).start();
    bool late = false;
    try {
        co_await troupe::with_timeout(1ms, slow.join());
    } catch (const troupe::timed_out&) {
        late = true;
    }
    CHECK(late);
    CHECK_FALSE(commanding::is_over(slow.pid()));
}

}  // namespace

TEST_CASE("command: one that runs is written to and read from") { watched(talk()); }

TEST_CASE("command: its stdout and stderr are streams, and join can be awaited again") { watched(read_both()); }

TEST_CASE("command: what it wrote can be read when it has ended") { watched(read_late()); }

TEST_CASE("command: it can be sent signals, and after its end that does nothing") { watched(send_signals()); }

TEST_CASE("command: end sends SIGTERM to its whole group") { watched(end_with_group()); }

TEST_CASE("command: one that has left its group is ended by itself") { watched(end_where_it_has_left_its_group()); }

TEST_CASE("command: end kills one that ignores SIGTERM, after the budget") { watched(end_stubborn()); }

TEST_CASE("command: one that nobody holds any more is killed, with its group") { watched(drop()); }

TEST_CASE("command: a write to one that is gone is an error, and no SIGPIPE") { watched(write_to_one_that_is_gone()); }

TEST_CASE("command: an actor has 64 at a time") { watched(too_many()); }

TEST_CASE("command: as many are started at a time as were let go of") { watched(start_all_anew()); }

TEST_CASE("command: of two that wait for one place the second is refused") { watched(two_for_one_place()); }

TEST_CASE("command: in a copy of its process it is misuse, and goes on") { watched(use_in_a_copy()); }

TEST_CASE("command: a join ends when the command is destroyed") { watched(destroy_while_joined()); }

TEST_CASE("command: a join that times out leaves it running") { watched(time_out_a_join()); }
