// The same as locks, of the C library: a robust mutex and a barrier, in memory that two or eight processes share.

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "floor_process.hpp"

namespace {

constexpr int in_a_row = 1000;

struct tally {
    pthread_mutex_t mutex;
    std::uint64_t locks = 0;
    std::uint64_t changes = 0;
    int last = 0;
};

template <class T>
T& shared_between_processes() {
    void* const at = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bench::checked(at == MAP_FAILED ? -1 : 0, "mmap");
    return *new (at) T;
}

tally& make_tally() {
    tally& made = shared_between_processes<tally>();
    pthread_mutexattr_t how;
    pthread_mutexattr_init(&how);
    pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&made.mutex, &how);
    pthread_mutexattr_destroy(&how);
    return made;
}

bool measure_alone(double seconds) {
    tally& one = make_tally();
    bench::samples all;
    std::uint64_t count = 0;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    do {
        const std::int64_t start = bench::now_ns();
        for (int i = 0; i < in_a_row; ++i, ++count) {
            pthread_mutex_lock(&one.mutex);
            ++one.locks;
            pthread_mutex_unlock(&one.mutex);
        }
        all.add((bench::now_ns() - start) / in_a_row);
    } while (bench::now_ns() < end);
    return bench::print(timed("floor_locks", "robust mutex, not contested", "ns", 1, all, one.locks == count ? 0 : 1));
}

void hammer(tally& on, int self, std::int64_t end) {
    for (int i = 0; i % 64 != 0 || bench::now_ns() < end; ++i) {
        pthread_mutex_lock(&on.mutex);
        ++on.locks;
        if (std::exchange(on.last, self) != self) ++on.changes;
        pthread_mutex_unlock(&on.mutex);
    }
}

bool measure_two(double seconds) {
    tally& one = make_tally();
    const std::int64_t start = bench::now_ns();
    const std::int64_t end = start + static_cast<std::int64_t>(seconds * 1e9);
    {
        const bench::side_process other([&] { hammer(one, 1, end); });
        hammer(one, 2, end);
    }
    const auto took = static_cast<double>(bench::now_ns() - start);
    const bool right = bench::print({.program = "floor_locks",
                                     .name = "robust mutex, changes of hands between 2",
                                     .unit = "M/s",
                                     .value = static_cast<double>(one.changes) * 1e3 / took,
                                     .count = one.changes});
    return bench::print({.program = "floor_locks",
                         .name = "robust mutex, locks by 2",
                         .unit = "M/s",
                         .value = static_cast<double>(one.locks) * 1e3 / took,
                         .count = one.locks}) &&
           right;
}

bool measure_barrier(unsigned parties, int rounds) {
    auto& all = shared_between_processes<pthread_barrier_t>();
    pthread_barrierattr_t how;
    pthread_barrierattr_init(&how);
    pthread_barrierattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&all, &how, parties);
    const auto meet = [&](int times) {
        for (int i = 0; i < times; ++i) pthread_barrier_wait(&all);
    };
    std::int64_t took = 0;
    {
        std::list<bench::side_process> others;
        for (unsigned i = 1; i < parties; ++i) others.emplace_back([&] { meet(rounds); });
        meet(1);
        const std::int64_t start = bench::now_ns();
        meet(rounds - 1);
        took = bench::now_ns() - start;
    }
    return bench::print({.program = "floor_locks",
                         .name = "pthread_barrier of " + std::to_string(parties),
                         .unit = "us",
                         .value = static_cast<double>(took) / 1e3 / (rounds - 1),
                         .count = static_cast<std::size_t>(rounds)});
}

}  // namespace

int main(int argc, char** argv) {
    bench::wishes told{.seconds = 0.5};
    const auto code = bench::listen("What do the C library's locks and barriers cost between processes?",
                                    std::vector<std::string>(argv + 1, argv + argc), told);
    if (code) return *code;
    bool right = measure_alone(told.seconds);
    right = measure_two(told.seconds) && right;
    right = measure_barrier(2, 20'000) && right;
    right = measure_barrier(8, 2'000) && right;
    return right ? 0 : 1;
}
