// A thread of the program waits for a line of stdin; the program spawns an actor meanwhile.
#include <unistd.h>
#include <cstdio>
#include <iostream>
#include <string>
#include <thread>
#include <troupe/troupe.hpp>
using namespace std::chrono_literals;
int add(int a, int b) { return a + b; }
troupe::task<int> program(std::vector<std::string> args) {
    std::thread console([] {
        std::string line;
        while (std::getline(std::cin, line)) dprintf(1, "console: %s\n", line.c_str());
    });
    console.detach();
    co_await troupe::sleep_for(200ms);
    dprintf(1, "spawning\n");
    auto c = co_await troupe::spawn<add>(2, 3);
    auto s = co_await troupe::with_timeout(10s, c.join());
    dprintf(1, "actor: %s\n", to_string(s).c_str());
    if (!args.empty()) _exit(0);
    co_return 0;
}
int main(int c, char** v) { return troupe::run<program>(c, v); }
