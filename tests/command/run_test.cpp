// Commands from their start to their end.
#include "command/commands.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "catch.hpp"
#include "channel/participant.hpp"

using namespace std::chrono_literals;
using commanding::shell;
using troupe::command;

TEST_CASE("command: run gives its status, and what it wrote to stdout and to stderr") {
    const auto result = watched(shell("echo out; echo err >&2; exit 3").run());
    CHECK(result.status.code() == 3);
    CHECK(result.output == "out\n");
    CHECK(result.error == "err\n");
}

TEST_CASE("command: each word reaches the program as it is") {
    const auto result = watched(command({"printf", "%s|", "a b", "", "$HOME", "'"}).run());
    CHECK(result.output == "a b||$HOME|'|");
}

TEST_CASE("command: a status says which signal ended it") {
    const auto result = watched(shell("kill -KILL $$").run());
    CHECK(result.status.code() == -SIGKILL);
    CHECK(to_string(result.status) == "was ended by signal 9 (SIGKILL)");
}

TEST_CASE("command: a text is its stdin, to the end of the text") {
    const auto result = watched(command({"sort", "-r"}).input("b\na\nc\n").run());
    CHECK(result.output == "c\nb\na\n");
}

TEST_CASE("command: a text of many MiB goes in, and comes out again") {
    const std::string text(20 << 20, 'x');
    const auto result = watched(command({"cat"}).input(text).run());
    CHECK(result.output == text);
}

TEST_CASE("command: one that closes its stdin, or never reads it, is not held up by its input") {
    const std::string text(1 << 20, 'x');
    CHECK(watched(command({"true"}).input(text).run()).status.success());
    CHECK(watched(shell("exec <&-; echo closed").input(text).run()).output == "closed\n");
}

TEST_CASE("command: without input, its stdin is at its end") {
    const auto result = watched(command({"cat"}).run());
    CHECK(result.status.success());
    CHECK(result.output.empty());
}

TEST_CASE("command: its stdin can be the stream from another command") {
    watched([]() -> troupe::task<> {
        auto first = co_await command({"printf", "b\\na\\n"}).start();
        const auto result = co_await command({"sort"}).input(std::move(first.output())).run();
        CHECK(result.output == "a\nb\n");
    }());
}

TEST_CASE("command: a stream is its input once, and a text as often as it is run") {
    watched([]() -> troupe::task<> {
        command sort({"sort"});
        sort.input("b\na\n");
        for (int i = 0; i < 2; ++i) {
            const auto result = co_await sort.run();
            CHECK(result.output == "a\nb\n");
        }
        auto first = co_await command({"echo", "x"}).start();
        sort.input(std::move(first.output()));
        co_await sort.run();
        std::string problem;
        try {
            co_await sort.run();
        } catch (const troupe::misuse& second) {
            problem = second.what();
        }
        CHECK_THAT(problem, checks::contains("has taken the stream that it reads"));
    }());
}

TEST_CASE("command: with merge_errors its errors stand among its output, in order") {
    const auto result = watched(shell("echo 1; echo 2 >&2; echo 3").merge_errors().run());
    CHECK(result.output == "1\n2\n3\n");
    CHECK(result.error.empty());
}

TEST_CASE("command: it runs in the directory it is given") {
    CHECK(watched(command({"pwd"}).directory("/usr").run()).output == "/usr\n");
}

TEST_CASE("command: variables are added to its environment, and changed there") {
    REQUIRE(setenv("TROUPE_TEST_KEPT", "kept", 1) == 0);
    REQUIRE(setenv("TROUPE_TEST_CHANGED", "before", 1) == 0);
    const auto result = watched(shell("echo $TROUPE_TEST_KEPT $TROUPE_TEST_CHANGED $TROUPE_TEST_NEW")
                                    .environment({{"TROUPE_TEST_CHANGED", "after"}, {"TROUPE_TEST_NEW", "new"}})
                                    .run());
    CHECK(result.output == "kept after new\n");
    unsetenv("TROUPE_TEST_KEPT");
    unsetenv("TROUPE_TEST_CHANGED");
}

TEST_CASE("command: it is looked for in the PATH of its own environment") {
    CHECK_THROWS_WITH(watched(command({"sort"}).environment({{"PATH", "/nowhere"}}).run()),
                      checks::contains("none of the folders of PATH (/nowhere)"));
}

TEST_CASE("command: it has the limits that it is given") {
    const auto result = watched(shell("ulimit -n; ulimit -c").limits({.open_files = 17, .core_size = 0}).run());
    CHECK(result.output == "17\n0\n");
}

TEST_CASE("command: it has three descriptors and no other") {
    const int inherited = dup(STDOUT_FILENO);  // not close-on-exec
    const auto result = watched(shell("for f in /proc/$$/fd/*; do [ -e $f ] && echo ${f##*/}; done").run());
    CHECK(result.output == "0\n1\n2\n");
    close(inherited);
}

TEST_CASE("command: it leads a group of its own") {
    const auto group = watched(shell("cut -d' ' -f5 /proc/$$/stat; echo $$").run());
    CHECK(group.output.substr(0, group.output.find('\n') + 1) == group.output.substr(group.output.find('\n') + 1));
}

TEST_CASE("command: no signal is blocked or caught in it, and ignored is what the program ignores") {
    std::ifstream status("/proc/self/status");
    std::string ignored_here;
    while (ignored_here.rfind("SigIgn:", 0) != 0 && std::getline(status, ignored_here)) {
    }
    const auto signals = watched(command({"sed", "-nE", "/^Sig(Blk|Ign|Cgt)/p", "/proc/self/status"}).run());
    CHECK(signals.output == "SigBlk:\t0000000000000000\n" + ignored_here + "\nSigCgt:\t0000000000000000\n");
}

TEST_CASE("command: the limit of open files is the one that the program was started with") {
    const auto own = troupe::channel::participant::here().memory().header().descriptor_limit;
    CHECK(watched(shell("ulimit -n").run()).output == std::to_string(own) + "\n");
}

TEST_CASE("command: one that writes more than is kept is killed, and that is too_large") {
    CHECK_THROWS_WITH(watched(command({"head", "-c", "1073741824", "/dev/zero"}).run()),
                      checks::contains("command 'head' wrote more than 67108864 bytes to its stdout"));
    CHECK_THROWS_WITH(watched(shell("yes >&2").output_limit(1000).run()), checks::contains("1000 bytes to its stderr"));
    CHECK(watched(command({"printf", "1234"}).output_limit(4).run()).output == "1234");
    CHECK_THROWS_AS(watched(command({"printf", "12345"}).output_limit(4).run()), troupe::too_large);
}

TEST_CASE("command: one that takes longer than its time is ended, with its group") {
    CHECK_THROWS_WITH(watched(command({"sleep", "1000"}).run(20ms)),
                      checks::contains("command 'sleep' was ended: it took longer than 20 ms"));
}

TEST_CASE("command: one that ignores SIGTERM is killed a while after its time") {
    CHECK_THROWS_AS(watched(shell("trap '' TERM; while :; do sleep 1; done").run(100ms)), troupe::timed_out);
}

TEST_CASE("command: what it has left in its group is killed when it ends") {
    const auto result = watched(shell("sleep 1000 & echo $!").run());
    CHECK(result.status.success());
    watched(commanding::until_over(static_cast<pid_t>(std::stol(result.output))));
}

TEST_CASE("command: a daemon that has left its group does not hold up run") {
    const auto result =
        watched(command({"bash", "-c", "read pid < <(exec setsid sh -c 'echo $$; exec sleep 1000'); echo $pid"}).run());
    CHECK(result.status.success());
    const auto daemon = static_cast<pid_t>(std::stol(result.output));
    CHECK_FALSE(commanding::is_over(daemon));
    ::kill(daemon, SIGKILL);
    watched(commanding::until_over(daemon));
}

TEST_CASE("command: a run that is cancelled kills the command and its group") {
    watched([]() -> troupe::task<> {
        bool late = false;
        try {
            co_await troupe::with_timeout(20ms, shell("sleep 1000 & wait").run());
        } catch (const troupe::timed_out&) {
            late = true;
        }
        CHECK(late);
    }());
}

TEST_CASE("command: several run at a time, each with its own output") {
    watched([]() -> troupe::task<> {
        auto [a, b, c] = co_await troupe::when_all(command({"echo", "a"}).run(), command({"echo", "b"}).run(),
                                                   shell("cat").input("c\n").run());
        CHECK(a.output + b.output + c.output == "a\nb\nc\n");
    }());
}

TEST_CASE("command: the first of several to end counts, and the others are ended") {
    watched([]() -> troupe::task<> {
        const auto first = co_await troupe::when_any(command({"sleep", "1000"}).run(), command({"echo", "b"}).run());
        REQUIRE(first.index() == 1);
        CHECK(std::get<1>(first).output == "b\n");
    }());
}

namespace {

int run_in_an_actor() {
    const auto result = troupe::sync_wait(command({"sort", "-r"}).input("b\na\nc\n").run());
    try {
        troupe::sync_wait(command({"no-such-program"}).run());
    } catch (const troupe::spawn_failed&) {
        return result.output == "c\nb\na\n" && result.status.success() ? 42 : 1;
    }
    return 2;
}

}  // namespace

TEST_CASE("command: an actor runs one as the program does") {
    watched([]() -> troupe::task<> {
        const auto one = co_await troupe::spawn<&run_in_an_actor>();
        const auto end = co_await one.join();
        CHECK(end.code() == 42);
    }());
}
