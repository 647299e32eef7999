// A program with actors of several kinds, for the tests that end it: `family busy | starting | returning | orderly`.
// It prints `ready` when they stand.
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <troupe/troupe.hpp>

using namespace std::chrono_literals;

namespace {

void say(const char* line) {
    std::puts(line);
    std::fflush(stdout);
}

struct farewell {
    const char* line;
    ~farewell() { say(line); }
};

void spin_for_ever() {
    for (volatile unsigned turns = 0;; turns = turns + 1) {
    }
}

troupe::task<> wait_for_ever() {
    farewell said{"actor unwound"};
    co_await troupe::sleep_for(24h);
}

troupe::task<> be_parent(troupe::queue<int> ready, int generations) {
    co_await troupe::spawn<&spin_for_ever>();
    if (generations > 0) co_await troupe::spawn<&be_parent>(ready, generations - 1);
    co_await ready.put(generations);
    co_await troupe::sleep_for(24h);
}

void return_at_once() {}

troupe::task<int> live(std::vector<std::string> arguments) {
    const std::string kind = arguments.at(0);
    farewell said{"program unwound"};
    if (kind == "starting") {
        co_await troupe::spawn<&return_at_once>();
        say("ready");
        for (;;) co_await troupe::when_all(troupe::spawn<&return_at_once>(), troupe::spawn<&spin_for_ever>());
    }
    if (kind == "orderly") {
        for (int i = 0; i < 3; ++i) co_await troupe::spawn<&wait_for_ever>();
    } else {
        troupe::queue<int> ready;
        co_await troupe::spawn<&be_parent>(ready, 2);
        for (int i = 0; i < 3; ++i) co_await ready.get();
    }
    say("ready");
    co_await troupe::sleep_for(24h);
    co_return 0;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<live>(argc, argv); }
