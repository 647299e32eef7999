// What would the tasks of a pool cost in threads of one process? The ceiling: nothing has to be copied, and no task has
// an outcome of its own when it crashes. oneTBB, two threads.
//
// An empty task for each of a million numbers, called through a pointer that the compiler does not know: handed out one
// at a time through a queue without locks, and in the chunks that parallel_for makes of them.

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/concurrent_queue.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>

#include <cstddef>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "../command_line.hpp"
#include "../figure.hpp"

namespace {

constexpr const char* program = "peer_tbb";
constexpr std::size_t count = 1'000'000;
constexpr unsigned two_threads = 2;

int empty_task(int n) { return n; }
using call = int (*)(int);
call volatile called = &empty_task;

bool told(const char* name, std::int64_t took, const std::vector<int>& results, const std::vector<int>& inputs) {
    return bench::print({.program = program,
                         .name = name,
                         .unit = "M/s",
                         .value = static_cast<double>(count) * 1e3 / static_cast<double>(took),
                         .count = count,
                         .errors = results == inputs ? 0u : 1u});
}

struct job {
    call function = nullptr;  // null: there are no more
    std::size_t index = 0;
    int input = 0;
};

// The owner gives in, and two threads do them; the owner waits for the last.
bool through_a_queue(const std::vector<int>& inputs) {
    std::vector<int> results(count);
    tbb::concurrent_queue<job> jobs;
    const auto work = [&] {
        for (job next;;) {
            if (!jobs.try_pop(next)) continue;
            if (next.function == nullptr) return;
            results[next.index] = next.function(next.input);
        }
    };
    std::vector<std::thread> crew;
    for (unsigned i = 0; i < two_threads; ++i) crew.emplace_back(work);
    const std::int64_t start = bench::now_ns();
    for (std::size_t i = 0; i < count; ++i) jobs.push({called, i, inputs[i]});
    for (unsigned i = 0; i < two_threads; ++i) jobs.push({});
    for (std::thread& one : crew) one.join();
    return told("map through concurrent_queue", bench::now_ns() - start, results, inputs);
}

bool in_chunks(const std::vector<int>& inputs) {
    const tbb::global_control two(tbb::global_control::max_allowed_parallelism, two_threads);
    std::vector<int> results(count);
    const auto all = [&] {
        tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count), [&](const auto& some) {
            for (std::size_t i = some.begin(); i != some.end(); ++i) results[i] = called(inputs[i]);
        });
    };
    all();  // its threads are there by then
    const std::int64_t start = bench::now_ns();
    all();
    return told("map by parallel_for", bench::now_ns() - start, results, inputs);
}

}  // namespace

int main(int argc, char** argv) {
    bench::wishes wished{.seconds = 0.5};
    const auto code = bench::listen("What do tasks cost in threads of one process?",
                                    std::vector<std::string>(argv + 1, argv + argc), wished);
    if (code) return *code;
    std::vector<int> inputs(count);
    std::iota(inputs.begin(), inputs.end(), 0);
    const bool right = through_a_queue(inputs);
    return in_chunks(inputs) && right ? 0 : 1;
}
