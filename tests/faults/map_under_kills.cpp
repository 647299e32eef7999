// a map while its workers are killed all the time: what becomes of its inputs?
#include <chrono>
#include <cstdio>
#include <string>
#include <troupe/troupe.hpp>
#include <vector>
using namespace std::chrono_literals;
int work(int n) {  // 10 us
    const auto end = std::chrono::steady_clock::now() + 10us;
    while (std::chrono::steady_clock::now() < end) asm volatile("");
    return n;
}
troupe::task<> kill_workers(int* kills) {
    for (;; ++*kills) {
        co_await troupe::sleep_for(100ms);
        const auto workers = troupe::this_actor::children();
        if (!workers.empty()) workers[*kills % workers.size()].kill();
    }
}
troupe::task<int> program(std::vector<std::string> args) {
    const int count = std::stoi(args.at(0));
    const auto attempts = static_cast<unsigned>(std::stoul(args.at(1)));
    std::vector<unsigned char> outcomes(count);
    int failed = 0, kills = 0, wrong = 0;
    std::size_t replaced = 0;
    {
        std::vector<int> inputs(count);
        for (int i = 0; i < count; ++i) inputs[i] = i;
        troupe::pool crew({.workers = 2, .attempts = attempts});
        co_await troupe::task_group::run([&](troupe::task_group& group) -> troupe::task<> {
            group.start(kill_workers(&kills));
            auto results = crew.map<work>(inputs, {.ordered = false});
            while (auto one = co_await results.next()) {
                ++outcomes[one->index()];
                if (!one->ok()) {
                    ++failed;
                } else if (one->value() != static_cast<int>(one->index())) {
                    ++wrong;
                }
            }
            group.cancel_tasks();
        });
        co_await crew.close();
        replaced = crew.replaced();
    }
    for (const unsigned char one : outcomes) wrong += one == 1 ? 0 : 1;
    std::printf("%d inputs, %d wrong, %d failed, %d kills, %zu replaced, %zu left\n", count, wrong, failed, kills,
                replaced, troupe::this_actor::children().size());
    if (failed <= kills && kills > 0) std::printf("no more failed than were killed\n");
    if (failed <= 1) std::printf("nearly none failed\n");
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
