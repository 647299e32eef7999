// Short-lived actors that leave one item each in a queue that is read later.
#include <cstdio>
#include <cstdlib>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
troupe::task<> one(troupe::queue<int> results, int i) { co_await results.put(i); }
troupe::task<int> program(std::vector<std::string> args) {
    const int n = args.size() > 0 ? std::atoi(args[0].c_str()) : 5000;
    troupe::queue<int> results({.capacity = 20000});
    int made = 0;
    try {
        for (; made < n; ++made) {
            auto a = co_await troupe::spawn<one>(results, made);
            co_await a.join();  // never more than one alive
        }
    } catch (const troupe::error& e) {
        std::printf("after %d actors, each awaited: %s\n", made, e.what());
        std::printf("children alive: %zu, items in the queue: %zu\n", troupe::this_actor::children().size(),
                    results.size());
        co_return 1;
    }
    std::printf("all %d made; %zu items\n", made, results.size());
    co_return 0;
}
int main(int argc, char** argv) {
    return troupe::run<program>(
        argc, argv,
        {.actors = static_cast<std::size_t>(std::getenv("ACTORS") ? std::atoi(std::getenv("ACTORS")) : 4095)});
}
