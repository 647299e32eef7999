// Kills an actor at every instruction of troupe's own code, and looks each time whether the others go on.
//
// `prove` alone plays every scene of tests/prove and tries every kill point it has; a state file lets a run that was
// broken off go on. `prove --sample SECONDS` tries a choice that differs each day. The same executable is the program
// in which the scenes are played, see stage.hpp.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <troupe/troupe.hpp>

#include "process/birthmark.hpp"
#include "prove/ledger.hpp"
#include "prove/progress.hpp"
#include "prove/scene.hpp"
#include "prove/stage.hpp"
#include "prove/worker.hpp"

namespace {

using namespace std::chrono_literals;
using namespace proving;

struct wishes {
    std::string state;
    std::string only;
    unsigned jobs = 1 + std::max(1u, std::thread::hardware_concurrency());  // one waits now and then
    double sample_seconds = 0;
    std::uint64_t seed =
        static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch() / std::chrono::hours(24));
    bool list = false;
    bool count = false;
    bool every_time = false;
};

std::vector<const scene*> wanted(const std::string& only) {
    std::vector<const scene*> found;
    for (const scene& one : scenes()) {
        if (one.name.find(only) != std::string::npos) found.push_back(&one);
    }
    return found;
}

// The workers, and a look at each now and then.
template <class Body>
void with_workers(const wishes& wished, ledger& book, progress& shown, Body body) {
    const unsigned count = wished.jobs;
    std::vector<std::unique_ptr<worker>> workers;
    for (unsigned i = 0; i < count; ++i) workers.push_back(std::make_unique<worker>(book, shown, wished.every_time));
    std::atomic<unsigned> running = count;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            body(*workers[i], i);
            --running;
        });
    }
    while (running > 0) {
        std::this_thread::sleep_for(20ms);
        for (const auto& one : workers) one->look();
    }
    for (std::thread& one : threads) one.join();
}

int close_with(const figures& sum) {
    std::printf("%zu passed, %zu failed\n", sum.passed, sum.failed);
    return sum.failed == 0 && sum.passed > 0 ? 0 : 1;
}

int prove(const wishes& wished) {
    ledger book(wanted(wished.only), wished.state);
    progress shown;
    with_workers(wished, book, shown, [&](worker& one, unsigned) { wished.count ? one.count_all() : one.prove_all(); });
    shown.close();
    std::printf("%8s %8s %12s %8s\n", "points", "passed", "not reached", "failed");
    for (const entry& one : book.entries()) {
        std::printf("%8zu %8zu %12zu %8zu  %s\n", one.points.size(), one.passed, one.not_reached, one.failed,
                    one.played->name.c_str());
    }
    return close_with(book.so_far());
}

int sample(const wishes& wished) {
    constexpr std::size_t points_of_a_scene = 40;
    std::printf("seed %llu\n", static_cast<unsigned long long>(wished.seed));
    std::fflush(stdout);
    ledger book(wanted(wished.only), "");
    progress shown;
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                                              std::chrono::duration<double>(wished.sample_seconds));
    with_workers(wished, book, shown, [&](worker& one, unsigned) {
        std::mt19937_64 random(wished.seed);
        one.sample_some(random, points_of_a_scene, until);
    });
    shown.close();
    return close_with(book.so_far());
}

}  // namespace

int main(int argc, char** argv) {
    // The program of a scene, and its actors.
    if (std::getenv(troupe::process::birthmark_variable) != nullptr ||
        (argc > 1 && std::string_view(argv[1]) == "--stage")) {
        return troupe::run<&proving::stage>(argc, argv, {.log = &proving::note_line});
    }
    wishes wished;
    CLI::App line("Kills an actor at every instruction of troupe's own code, and looks whether the others go on.");
    line.add_option("--state", wished.state, "where it writes down what is proved, to go on from there later");
    line.add_option("--only", wished.only, "only the scenes whose name contains this");
    line.add_option("--jobs", wished.jobs, "how many programs at a time");
    line.add_option("--sample", wished.sample_seconds, "for so many seconds, points chosen by the seed");
    line.add_option("--seed", wished.seed, "the seed of the choice; it is the day's where none is given");
    line.add_flag("--every-time", wished.every_time, "also the later times of what is executed very often, in loops");
    line.add_flag("--count", wished.count, "only counts the kill points");
    line.add_flag("--list", wished.list, "names the scenes");
    CLI11_PARSE(line, argc, argv);
    if (wished.list) {
        for (const scene* one : wanted(wished.only)) std::printf("%s\n", one->name.c_str());
        return 0;
    }
    return wished.sample_seconds > 0 ? sample(wished) : prove(wished);
}
