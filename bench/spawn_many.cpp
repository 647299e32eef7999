// What do 1, 10, 100 and 1,000 actors cost that are alive at once: the time to start each, its private memory, and how
// often they wake up while they have nothing to do? By each start method; as many as 1,000 with the default one alone.

#include <troupe/troupe.hpp>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"

namespace {

struct nothing {
    int unused;
};
using crew = std::vector<troupe::actor<nothing>>;

troupe::task<> idler(troupe::mailbox<nothing> inbox) {
    while (co_await inbox.receive()) continue;
}

// Adds up what a file of /proc says behind these words. False when it says nothing.
bool add_up(int pid, const char* file, const std::vector<std::string>& words, std::uint64_t& sum) {
    std::ifstream lines("/proc/" + std::to_string(pid) + "/" + file);
    bool found = false;
    for (std::string word; lines >> word; lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n')) {
        for (const std::string& wanted : words) {
            std::uint64_t value = 0;
            if (word != wanted || !(lines >> value)) continue;
            sum += value;
            found = true;
        }
    }
    return found;
}

struct total {
    std::uint64_t sum = 0;
    std::size_t errors = 0;  // actors of which nothing could be read
};

total over(const crew& all, const char* file, const std::vector<std::string>& words) {
    total read;
    for (const auto& one : all)
        if (!add_up(one.pid(), file, words, read.sum)) ++read.errors;
    return read;
}

bool tell(const std::string& name, const char* unit, double value, std::size_t count, std::size_t errors,
          double p99 = 0) {
    return bench::print({.program = "spawn_many",
                         .name = name,
                         .unit = unit,
                         .value = value,
                         .p99 = p99,
                         .count = count,
                         .errors = errors});
}

troupe::task<bool> measure(troupe::start_method method, std::size_t n, double idle_seconds) {
    constexpr std::chrono::milliseconds until_all_are_asleep{300};
    const std::string who = std::string(to_string(method)) + " " + std::to_string(n);
    const auto count = static_cast<double>(n);

    // Not counted: the first start by a method may start what the others are cloned from.
    const auto first = co_await troupe::spawn<idler>({.method = method});
    first.stop();
    co_await first.join();

    crew all;
    all.reserve(n);
    bench::samples each;
    const std::int64_t start = bench::now_ns();
    for (std::size_t i = 0; i < n; ++i) {
        const std::int64_t began = bench::now_ns();
        all.push_back(co_await troupe::spawn<idler>({.method = method}));
        each.add(bench::now_ns() - began);
    }
    const double milliseconds = static_cast<double>(bench::now_ns() - start) / 1e6;
    bool right = tell(who + ", start each", "ms", milliseconds / count, n, 0, each.quantile(0.99) / 1e6);

    co_await troupe::sleep_for(until_all_are_asleep);
    const total memory = over(all, "smaps_rollup", {"Private_Clean:", "Private_Dirty:"});
    right =
        tell(who + ", private memory each", "KiB", static_cast<double>(memory.sum) / count, n, memory.errors) && right;

    const total before = over(all, "status", {"voluntary_ctxt_switches:"});
    co_await troupe::sleep_for(std::chrono::nanoseconds(static_cast<std::int64_t>(idle_seconds * 1e9)));
    const total after = over(all, "status", {"voluntary_ctxt_switches:"});
    right = tell(who + ", wake-ups of all", "1/s", static_cast<double>(after.sum - before.sum) / idle_seconds, n,
                 before.errors + after.errors) &&
            right;

    for (const auto& one : all) one.stop();
    for (const auto& one : all) {
        const troupe::exit_status status = co_await one.join();
        right = status.code() == 0 && right;
    }
    co_return right;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 2};
    const auto code = bench::listen("What do many actors cost that are alive at once?", std::move(arguments), told);
    if (code) co_return *code;
    bool right = true;
    for (const std::size_t n : {1, 10, 100, 1000})
        right = co_await measure(troupe::start_method::forkserver, n, told.seconds) && right;
    for (const auto method : {troupe::start_method::fork, troupe::start_method::spawn})
        right = co_await measure(method, 100, told.seconds) && right;
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
