// What does a pool cost: tasks a second, one task at a time beside a request, tasks with 64 KiB each way, tasks of very
// different length beside the ideal schedule, and what becomes of a task whose worker is killed?

#include <troupe/troupe.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "placement.hpp"

namespace {

using namespace std::chrono_literals;

constexpr unsigned two_workers = 2;

int empty_task(int n) { return n; }
int die(int) {
    kill(getpid(), SIGKILL);
    return 0;
}
troupe::task<int> never() {
    co_await troupe::sleep_for(24h);
    co_return 0;
}

struct question {
    using reply = int;
    int number = 0;
};
// The owner stands on one CPU, and who answers it on another: of three processes on two CPUs, the scheduler would put
// two on one now and then, and these would sleep and wake each other at every step.
void stand_apart(bench::placement where) {
    const std::vector<int> cpus = bench::allowed_cpus();
    if (where == bench::placement::apart && cpus.size() > 1) bench::pin({cpus[1]});
}
troupe::task<> answering(troupe::mailbox<question> box, bench::placement where) {
    stand_apart(where);
    co_await box.serve([](question q) { return q.number; });
}

using page = std::vector<unsigned char>;
constexpr std::size_t page_bytes = std::size_t{64} << 10;
// Every byte is read, every byte is written, and the whole takes a millisecond.
page work_on_page(page in) {
    const std::int64_t start = bench::now_ns();
    unsigned char sum = 0;
    for (const unsigned char one : in) sum = static_cast<unsigned char>(sum * 31 + one);
    page out(page_bytes);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<unsigned char>(in[i] ^ sum);
    while (bench::now_ns() - start < 1'000'000) asm volatile("");
    return out;
}

// Lengths as in Zipf's law: the longest takes 100 ms, the second half of that, the third a third.
constexpr std::size_t lengths = 100'000;
constexpr std::int64_t longest_ns = 100'000'000;
int take_so_long(std::int64_t ns) {
    const std::int64_t end = bench::now_ns() + ns;
    while (bench::now_ns() < end) asm volatile("");
    return 1;
}

double per_second(std::size_t count, std::int64_t ns) {
    return static_cast<double>(count) * 1e9 / static_cast<double>(ns);
}

troupe::task<bool> measure_map() {
    std::vector<int> inputs(1'000'000);
    std::iota(inputs.begin(), inputs.end(), 0);
    troupe::pool crew({.workers = two_workers, .waiting = 16'384});
    static_cast<void>(co_await crew.map<empty_task>(std::vector<int>(10'000)).collect());
    const std::int64_t start = bench::now_ns();
    const std::vector<int> all = co_await crew.map<empty_task>(inputs).collect();
    const std::int64_t took = bench::now_ns() - start;
    co_await crew.close();
    co_return bench::print({.program = "pool_tasks",
                            .name = "map of an empty task",
                            .unit = "M/s",
                            .value = per_second(all.size(), took) / 1e6,
                            .count = all.size(),
                            .errors = all == inputs ? 0u : 1u});
}

troupe::task<bool> measure_one_at_a_time(double seconds, bench::placement where) {
    const std::string cpus = bench::cpus_of(where);
    troupe::pool crew({.workers = 1, .prepare = troupe::deferred<stand_apart>(where)});
    const auto other = co_await troupe::spawn<answering>(where);
    static_cast<void>(co_await crew.run<empty_task>(0));
    const bench::placed here(where, bench::placed::side::first);
    bench::samples runs, asks;
    std::size_t errors = 0;
    // By turns, a hundred at a time: so that whoever is measured is awake, and both meet the same weather.
    constexpr int in_a_row = 100, warming_up = 10;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    while (bench::now_ns() < end) {
        for (int i = 0; i < in_a_row; ++i) {
            const std::int64_t start = bench::now_ns();
            const int given = co_await crew.run<empty_task>(i);
            if (i >= warming_up) runs.add(bench::now_ns() - start);
            if (given != i) ++errors;
        }
        for (int i = 0; i < in_a_row; ++i) {
            const std::int64_t start = bench::now_ns();
            const int answered = co_await other.ask(question{i});
            if (i >= warming_up) asks.add(bench::now_ns() - start);
            if (answered != i) ++errors;
        }
    }
    other.stop();
    co_await other.join();
    co_await crew.close();
    const bool right = bench::print(timed("pool_tasks", "one task at a time", "us", 1e3, runs, errors, cpus));
    co_return bench::print(timed("pool_tasks", "a request, beside that", "us", 1e3, asks, errors, cpus)) && right;
}

troupe::task<bool> measure_pages(double seconds) {
    troupe::pool crew({.workers = two_workers});
    const auto count = static_cast<std::size_t>(seconds * 1e3) * two_workers;
    const std::vector<page> inputs(count, page(page_bytes, 7));
    static_cast<void>(co_await crew.map<work_on_page>(std::vector<page>(8, page(page_bytes))).collect());
    const std::int64_t start = bench::now_ns();
    const std::vector<page> all = co_await crew.map<work_on_page>(inputs).collect();
    const std::int64_t took = bench::now_ns() - start;
    std::size_t errors = 0;
    for (const page& one : all) errors += one == all.front() ? 0 : 1;
    co_await crew.close();
    const double ideal = static_cast<double>(count) * 1e6 / two_workers;
    co_return bench::print({.program = "pool_tasks",
                            .name = "64 KiB each way, tasks of 1 ms",
                            .unit = "of the ideal",
                            .value = ideal / static_cast<double>(took),
                            .count = count,
                            .errors = errors});
}

troupe::task<bool> measure_lengths() {
    std::vector<std::int64_t> inputs(lengths);
    for (std::size_t i = 0; i < lengths; ++i) inputs[i] = longest_ns / static_cast<std::int64_t>(i + 1);
    std::shuffle(inputs.begin(), inputs.end(), std::minstd_rand(1));
    const auto ideal =
        static_cast<double>(std::accumulate(inputs.begin(), inputs.end(), std::int64_t{0})) / two_workers;
    troupe::pool crew({.workers = two_workers});
    static_cast<void>(co_await crew.map<take_so_long>(std::vector<std::int64_t>(100)).collect());
    const std::int64_t start = bench::now_ns();
    std::size_t done = 0;
    auto results = crew.map<take_so_long>(inputs, {.ordered = false});
    while (const auto one = co_await results.next()) done += one->ok() ? 1 : 0;
    const auto took = static_cast<double>(bench::now_ns() - start);
    co_await crew.close();
    co_return bench::print({.program = "pool_tasks",
                            .name = "tasks of 1 us to 100 ms",
                            .unit = "of the ideal time",
                            .value = took / ideal,
                            .count = done,
                            .errors = lengths - done});
}

troupe::task<bool> measure_failures(double seconds) {
    troupe::pool crew({.workers = 1});
    bench::samples known, next;
    std::size_t errors = 0;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    do {
        static_cast<void>(co_await crew.run<empty_task>(0));
        const std::int64_t start = bench::now_ns();
        const auto what = co_await troupe::outcome_of(crew.run<die>(0));
        known.add(bench::now_ns() - start);
        if (!what.status() || what.status()->signal() != SIGKILL) ++errors;
        static_cast<void>(co_await crew.run<empty_task>(0));
        next.add(bench::now_ns() - start);
    } while (bench::now_ns() < end);
    co_await crew.close();
    const bool right = bench::print(timed("pool_tasks", "its worker is killed: known", "us", 1e3, known, errors));
    co_return bench::print(
        timed("pool_tasks", "its worker is killed: the next task is done", "us", 1e3, next, errors)) &&
        right;
}

troupe::task<bool> measure_full(double seconds) {
    troupe::pool crew({.workers = 1, .waiting = 1});
    auto stuck = crew.try_run<never>();
    bench::samples refused;
    std::size_t errors = 0;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9 / 4);
    do {
        const std::int64_t start = bench::now_ns();
        if (crew.try_run<empty_task>(1)) ++errors;
        refused.add(bench::now_ns() - start);
    } while (bench::now_ns() < end);
    co_await troupe::sleep_for(20ms);
    const std::int64_t start = bench::now_ns();
    co_await crew.close(0ns);
    bench::samples ended;
    ended.add(bench::now_ns() - start);
    static_cast<void>(co_await troupe::outcome_of(std::move(*stuck)));
    const bool right = bench::print(timed("pool_tasks", "a full pool refuses", "us", 1e3, refused, errors));
    co_return bench::print(timed("pool_tasks", "a pool with a stuck task ends", "ms", 1e6, ended, 0)) && right;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.5};
    const auto code = bench::listen("What do the tasks of a pool cost?", std::move(arguments), told);
    if (code) co_return *code;
    bool right = co_await measure_map();
    const auto where = told.free ? bench::placement::free : bench::placement::apart;
    right = co_await measure_one_at_a_time(told.seconds, where) && right;
    right = co_await measure_pages(told.seconds) && right;
    right = co_await measure_lengths() && right;
    right = co_await measure_failures(told.seconds) && right;
    right = co_await measure_full(told.seconds) && right;
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
