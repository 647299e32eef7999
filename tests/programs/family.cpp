// A program with actors of several kinds, for the tests that end it: `family busy | starting | returning | orderly |
// cleaning | asking`. It prints `ready` when they stand.
#include <chrono>
#include <csignal>
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

// Unwound, it cleans up until it is told to go on.
struct thorough {
    ~thorough() {
        say("cleaning");
        std::getchar();
        say("cleaned");
    }
};

struct question {
    using reply = int;
};
troupe::task<> answer(troupe::mailbox<question> inbox) {
    co_await inbox.serve([](question) { return 1; });
}

// Whoever is told to quit by the terminal, and then asks its actor.
troupe::task<> ask_after_each_signal() {
    const auto one = co_await troupe::spawn<&answer>();
    static volatile std::sig_atomic_t told = 0;
    for (const int signal : {SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2}) std::signal(signal, [](int) { told = told + 1; });
    say("ready");
    for (int heard = 0; heard < 4; ++heard) {
        while (told == heard) co_await troupe::sleep_for(1ms);
        // The old actor, and a new one.
        const int right = co_await one.ask(question{}) + co_await (co_await troupe::spawn<&answer>()).ask(question{});
        say(right == 2 ? "answered" : "wrong");
    }
}

troupe::task<int> live(std::vector<std::string> arguments) {
    const std::string kind = arguments.at(0);
    if (kind == "asking") {
        co_await ask_after_each_signal();
        co_return 0;
    }
    if (kind == "cleaning") {
        const thorough cleaned;
        say("ready");
        co_await troupe::sleep_for(24h);
    }
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
