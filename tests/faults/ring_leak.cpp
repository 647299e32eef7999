// Killed while the memory of a new mailbox is being backed: the ring's block stays taken for ever.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
troupe::task<> idle(troupe::mailbox<int> in) {
    while (co_await in.receive()) {
    }
}
troupe::task<> spawner() {
    auto a = co_await troupe::spawn<idle>({.name = "big", .mailbox = std::size_t{64} << 20});
    a.kill();
}
troupe::task<int> program(std::vector<std::string> args) {
    const int n = args.size() > 0 ? std::atoi(args[0].c_str()) : 12;
    const int ms = args.size() > 1 ? std::atoi(args[1].c_str()) : 12;
    int killed = 0;
    std::string refused;
    for (int i = 0; i < n && refused.empty(); ++i) {
        auto a = co_await troupe::spawn<spawner>({.name = "spawner"});
        co_await troupe::sleep_for(std::chrono::milliseconds(ms));
        a.kill();
        auto end = co_await a.join();
        if (end.signal() == SIGKILL)
            ++killed;
        else if (!end.success())
            refused = to_string(end);
        co_await troupe::sleep_for(50ms);
    }
    std::printf("%d spawners were killed in their first %d ms; nobody but the program lives\n", killed, ms);
    if (!refused.empty()) std::printf("then one %s\n", refused.c_str());
    std::string why;
    try {
        co_await (co_await troupe::spawn<spawner>()).join();
        auto a = co_await troupe::spawn<idle>({.mailbox = std::size_t{64} << 20});
        a.kill();
    } catch (const troupe::error& e) {
        why = e.what();
    }
    std::printf("an actor with a mailbox of 64 MiB: %s\n", why.empty() ? "can be started" : why.c_str());
    co_return 0;
}
int main(int argc, char** argv) { return troupe::run<program>(argc, argv, {.memory = std::size_t{500} << 20}); }
