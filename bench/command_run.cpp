// What does a program that is not troupe's cost, from its start to its status: by command::run, and by posix_spawn and
// waitpid beside it, from a small program and from one that has touched 1 GiB?

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <troupe/troupe.hpp>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"

namespace {

constexpr std::size_t large = std::size_t{1} << 30;

bool spawn_and_wait() {
    char name[] = "true";
    char* const words[] = {name, nullptr};
    pid_t pid = 0;
    int status = -1;
    if (posix_spawnp(&pid, name, nullptr, nullptr, words, environ) != 0) return false;
    return waitpid(pid, &status, 0) == pid && status == 0;
}

// By turns, so that both have the same machine.
troupe::task<bool> measure(std::string from, double seconds) {
    constexpr int warming_up = 20;
    bench::samples ours, theirs;
    std::size_t our_errors = 0, their_errors = 0;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    for (int i = 0; i < warming_up || bench::now_ns() < end; ++i) {
        const std::int64_t start = bench::now_ns();
        const auto result = co_await troupe::command({"true"}).run();
        const std::int64_t between = bench::now_ns();
        const bool well = spawn_and_wait();
        const std::int64_t after = bench::now_ns();
        if (!result.status.success()) ++our_errors;
        if (!well) ++their_errors;
        if (i < warming_up) continue;
        ours.add(between - start);
        theirs.add(after - between);
    }
    const bool right = bench::print(timed("command_run", "run from " + from, "ms", 1e6, ours, our_errors));
    co_return bench::print(timed("command_run", "posix_spawn from " + from, "ms", 1e6, theirs, their_errors)) && right;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 1};
    const auto code = bench::listen("What does a program that is not troupe's cost, from its start to its status?",
                                    std::move(arguments), told);
    if (code) co_return *code;
    const bool small = co_await measure("a small program", told.seconds);
    const std::unique_ptr<char, decltype(&std::free)> ballast(static_cast<char*>(std::malloc(large)), &std::free);
    std::memset(ballast.get(), 1, large);
    const bool big = co_await measure("one of 1 GiB", told.seconds);
    co_return small&& big ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
