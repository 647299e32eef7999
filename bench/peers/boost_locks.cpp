// The same as locks, of Boost.Interprocess: its mutex, in memory that two processes share.
//
// It is a mutex of the C library that processes share, and not a robust one: what a dead holder has stays locked.

#include <boost/interprocess/sync/interprocess_mutex.hpp>

#include <sys/mman.h>

#include <cstdint>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "../command_line.hpp"
#include "../figure.hpp"
#include "../floor_process.hpp"

namespace {

constexpr const char* program = "peer_boost_locks";
constexpr int in_a_row = 1000;

struct tally {
    boost::interprocess::interprocess_mutex mutex;
    std::uint64_t locks = 0;
    std::uint64_t changes = 0;
    int last = 0;
};

tally& make_tally() {
    void* const at = mmap(nullptr, sizeof(tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bench::checked(at == MAP_FAILED ? -1 : 0, "mmap");
    return *new (at) tally;
}

bool measure_alone(double seconds) {
    tally& one = make_tally();
    bench::samples all;
    std::uint64_t count = 0;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    do {
        const std::int64_t start = bench::now_ns();
        for (int i = 0; i < in_a_row; ++i, ++count) {
            one.mutex.lock();
            ++one.locks;
            one.mutex.unlock();
        }
        all.add((bench::now_ns() - start) / in_a_row);
    } while (bench::now_ns() < end);
    return bench::print(timed(program, "mutex, not contested", "ns", 1, all, one.locks == count ? 0 : 1));
}

void hammer(tally& on, int self, std::int64_t end) {
    for (int i = 0; i % 64 != 0 || bench::now_ns() < end; ++i) {
        on.mutex.lock();
        ++on.locks;
        if (std::exchange(on.last, self) != self) ++on.changes;
        on.mutex.unlock();
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
    const auto told = [took](const char* name, std::uint64_t count) {
        return bench::print({.program = program,
                             .name = name,
                             .unit = "M/s",
                             .value = static_cast<double>(count) * 1e3 / took,
                             .count = count});
    };
    const bool right = told("mutex, changes of hands between 2", one.changes);
    return told("mutex, locks by 2", one.locks) && right;
}

}  // namespace

int main(int argc, char** argv) {
    bench::wishes told{.seconds = 0.5};
    const auto code = bench::listen("What does the mutex of Boost.Interprocess cost between processes?",
                                    std::vector<std::string>(argv + 1, argv + argc), told);
    if (code) return *code;
    const bool right = measure_alone(told.seconds);
    return measure_two(told.seconds) && right ? 0 : 1;
}
