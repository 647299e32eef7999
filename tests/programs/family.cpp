// A program with actors of several kinds, for the tests that end it: `family busy | starting | returning | orderly |
// cleaning | asking | signalled | changed | stubborn | slow | mapping | commanding | reading`. It prints `ready` when
// they stand.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ranges>
#include <string>
#include <vector>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

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
    for (volatile unsigned turns = 0;;) turns = turns + 1;
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

// It takes its time to end, and needs a CPU for it.
troupe::task<> end_slowly(troupe::mailbox<int> inbox) {
    while (co_await inbox.receive()) {
    }
    say("ending");
    for (int i = 0; i < 100; ++i) co_await troupe::sleep_for(10ms);
    say("ended by itself");
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

// What the kernel forgets to end with the program, if nothing else reminds it.
void become_another(troupe::queue<int> ready, int how) {
    if (how == 0 && setgid(65534) + setuid(65534) != 0) std::_Exit(1);
    if (how == 1) setsid();
    if (how == 2) prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    if (how == 3) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, nullptr);
        prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    }
    troupe::sync_wait(ready.put(how));
    spin_for_ever();
}
troupe::task<> start_as_another(troupe::queue<int> ready) {
    if (setgid(65534) + setuid(65534) != 0) std::_Exit(1);
    for (const int how : {1, 2, 3}) {
        for (const auto method : {troupe::start_method::spawn, troupe::start_method::fork}) {
            co_await troupe::spawn<&become_another>({.method = method}, ready, how);
        }
    }
    co_await troupe::sleep_for(24h);
}
troupe::task<> start_all_kinds() {
    troupe::queue<int> ready;
    const bool root = getuid() == 0;
    std::vector<int> ends;
    for (int how = root ? 0 : 1; how <= 3; ++how) {
        const auto one = co_await troupe::spawn<&become_another>(ready, how);
        ends.push_back(static_cast<int>(syscall(SYS_pidfd_open, one.pid(), 0)));
    }
    if (root) co_await troupe::spawn<&start_as_another>(ready);
    for (int i = 0; i < (root ? 10 : 3); ++i) co_await ready.get();
    // A process of the program's own code knows nothing of all this, and outlives them.
    if (fork() == 0) {
        std::signal(SIGHUP, SIG_IGN);
        for (const int one : ends) {
            pollfd ended{one, POLLIN, 0};
            poll(&ended, 1, -1);
        }
        _exit(0);
    }
    for (const int one : ends) close(one);
}

int idle_along(int n) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(n % 200);
    while (std::chrono::steady_clock::now() < until) asm volatile("");
    return n;
}
troupe::task<> map_for_ever() {
    const farewell said{"the pool's owner unwound"};
    troupe::pool crew({.workers = 2});
    auto results = crew.map<&idle_along>(std::views::iota(0));
    for (int taken = 0;; ++taken) {
        co_await results.next();
        if (taken == 100) say("ready");
    }
}

// Commands begin while somebody sends SIGUSR1 to the whole group.
troupe::task<> command_while_signalled() {
    constexpr int all = 300;
    std::signal(SIGUSR1, [](int) {});
    say("ready");
    int right = 0;
    for (int i = 0; i < all; ++i) {
        const auto one = co_await troupe::command({"true"}).run();
        if (one.status.success()) ++right;
    }
    say(right == all ? "all ran" : "some were ended");
}

// Commands of the program, and of an actor.
troupe::task<> have_one(troupe::queue<int> ready) {
    const auto one = co_await troupe::command({"sleep", "1000"}).start();
    co_await ready.put(one.pid());
    co_await troupe::sleep_for(24h);
}
troupe::task<> command_for_ever() {
    troupe::queue<int> ready;
    const auto own = co_await troupe::command({"sleep", "1000"}).start();
    co_await troupe::spawn<&have_one>(ready);
    co_await ready.get();
    say("ready");
    co_await troupe::sleep_for(24h);
}

troupe::task<> tick() {
    for (;;) {
        say("tick");
        co_await troupe::sleep_for(10ms);
    }
}
troupe::task<> read_lines() {
    std::string line;
    for (;;) {
        const bool more = co_await troupe::standard_input().read_line(line);
        if (!more) co_return;
        say(("read " + line).c_str());
    }
}

troupe::task<int> live(std::vector<std::string> arguments) {
    const std::string kind = arguments.at(0);
    if (kind == "commanding") co_await command_for_ever();
    if (kind == "signalled") {
        co_await command_while_signalled();
        co_return 0;
    }
    if (kind == "asking") {
        co_await ask_after_each_signal();
        co_return 0;
    }
    if (kind == "cleaning") {
        const thorough cleaned;
        say("ready");
        co_await troupe::sleep_for(24h);
    }
    if (kind == "stubborn") {
        co_await troupe::spawn<&spin_for_ever>({.name = "stubborn"});
        say("ready");
        co_return 0;
    }
    if (kind == "slow") {
        co_await troupe::spawn<&end_slowly>({.name = "slow"});
        say("ready");
        co_return 0;
    }
    if (kind == "mapping") co_await map_for_ever();
    if (kind == "changed") {
        co_await start_all_kinds();
        say("ready");
        co_await troupe::sleep_for(24h);
    }
    farewell said{"program unwound"};
    if (kind == "reading") {
        say("ready");
        co_await troupe::when_any(read_lines(), tick());
        co_return 0;
    }
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

int main(int argc, char** argv) {
    const std::string kind = argc > 1 ? argv[1] : "";
    return troupe::run<live>(argc, argv, {.end_budget = kind == "stubborn" ? 100ms : kind == "slow" ? 4000ms : 0ms});
}
