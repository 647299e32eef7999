// A program that has had very many actors has no more of anything than after the first few: TROUPE_MANY_ACTORS says how
// many; 10,000 when it is not set. It runs with the usual 1,024 descriptors.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <sys/resource.h>

#include <troupe/troupe.hpp>

#include "channel/participant.hpp"
#include "kill/remains.hpp"
#include "programs/verdict.hpp"

namespace {

constexpr int at_a_time = 8;

struct hello {
    using reply = int;
    int number = 0;
};

troupe::task<> server(troupe::mailbox<hello> box) {
    co_await box.serve([](hello m) { return m.number; });
}

// Every kind of short life: one that only ends, one that asks, one that leaves something in a queue, and one that dies.
troupe::task<int> live_briefly(troupe::actor<hello> of, troupe::queue<std::string> results, int number) {
    if (number % 4 == 1) co_return (co_await of.ask(hello{number})) == number ? 0 : 1;
    if (number % 4 == 2) co_await results.put(std::string(number % 8 == 2 ? 5000 : 5, 'x'));
    if (number % 4 == 3) std::abort();
    co_return 0;
}

struct account {
    std::size_t descriptors = 0, mappings = 0, backed = 0, slots = 0;
    killing::remains left;

    static account now(const killing::remains& before) {
        account there;
        for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/self/fd"))
            ++there.descriptors;
        std::ifstream maps("/proc/self/maps");
        for (std::string line; std::getline(maps, line);) ++there.mappings;
        there.left = killing::remains::settled(before);
        const auto& memory = troupe::channel::participant::here().memory();
        there.backed = memory.blocks().backed_bytes();
        there.slots = memory.processes().reached();
        return there;
    }
};

troupe::task<int> live_in_turn(troupe::actor<hello> of, troupe::queue<std::string> results, int from, int to) {
    int wrong = 0;
    for (int i = from; i < to; i += at_a_time) {
        std::vector<troupe::actor<>> some;
        for (int k = i; k < std::min(i + at_a_time, to); ++k)
            some.push_back(co_await troupe::spawn<live_briefly>(of, results, k));
        for (std::size_t k = 0; k < some.size(); ++k) {
            const auto end = co_await some[k].join();
            const bool died = (i + static_cast<int>(k)) % 4 == 3;
            if (died ? end.signal() != SIGABRT : !end.success()) ++wrong;
        }
        while (results.size() > 100) co_await results.get();  // what was put is read late
    }
    while (results.size() > 0) co_await results.get();
    co_return wrong;
}

int live() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    const char* wanted = std::getenv("TROUPE_MANY_ACTORS");
    const int many = std::max(3000, wanted != nullptr ? std::atoi(wanted) : 10'000);
    verdict said;
    const auto of = troupe::sync_wait(troupe::spawn<server>());
    troupe::queue<std::string> results;
    auto idle = killing::remains::now();
    idle.awake = 0;
    int wrong = troupe::sync_wait(live_in_turn(of, results, 0, 2000));  // every slot has been used by then
    const account before = account::now(idle);
    wrong += troupe::sync_wait(live_in_turn(of, results, 2000, many));
    const account after = account::now(idle);
    said.check("many actors: each ends as it should", wrong == 0);
    said.check("many actors: the program holds no more descriptors than after the first ones",
               after.descriptors <= before.descriptors + 2);
    said.check("many actors: nor more mappings", after.mappings <= before.mappings + 8);
    said.check("many actors: nor more shared memory", after.backed <= before.backed + (std::size_t{1} << 20));
    said.check("many actors: nor more slots", after.slots == before.slots);
    said.check("many actors: nothing of theirs is left in shared memory", after.left == idle);
    if (!(after.left == idle)) std::cout << "    " << after.left << "; idle: " << idle << '\n';
    std::printf("    descriptors %zu, %zu; mappings %zu, %zu; backed %zu, %zu; slots %zu, %zu\n", before.descriptors,
                after.descriptors, before.mappings, after.mappings, before.backed, after.backed, before.slots,
                after.slots);
    of.stop();
    troupe::sync_wait(of.join());
    return said.close();
}

}  // namespace

// As long as the usual limit holds for the program too: `run` raises it to the hard one.
int main(int argc, char** argv) {
    rlimit usual{};
    getrlimit(RLIMIT_NOFILE, &usual);
    usual.rlim_cur = usual.rlim_max = std::min<rlim_t>(usual.rlim_max, 1024);
    setrlimit(RLIMIT_NOFILE, &usual);
    return troupe::run<live>(argc, argv, {.report_crashes = false});
}
