// A program for the tests of the tool: an actor for each thing that it has to show. It prints `ready PID` when all of
// it has come about, and waits until it is ended, or for ten minutes.
//
//   idle      never reads: 30 messages wait in its mailbox, 20 `note` and 10 `letter`
//   east      in its handler of `ask` it asks west, which
//   west      in its handler of `ask` asks east
//   spinner   its handler of `spin` never returns
//   crasher   was ended by signal 6 twice, and started again twice
//   holder    has a lock, for which
//   waiter    waits
//
// The program holds a queue of 8 with 2 items in it, both ends of a pipe with one message on its way, a semaphore, a
// name, a topic and a group. Argument `busy`: it asks crasher a hundred times a second.
#include <troupe/troupe.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace observed {

using namespace std::chrono_literals;

struct note {
    std::uint64_t number;
    double weight;
};
struct letter {
    std::string subject;
    int urgency;
};
struct spin {};
struct ask {
    using reply = int;
    int depth;
};
struct meet {
    troupe::actor<ask> other;
};
struct crash {
    using reply = int;
    int signal;
};
struct hello {
    using reply = unsigned;
};

using sign = troupe::queue<int>;
constexpr auto for_ever = 600s;

troupe::task<> idle(troupe::mailbox<note, letter> inbox) {
    co_await troupe::claim_name("post \"office\"", inbox.address());
    const troupe::topic<note> notes("notes");
    co_await notes.subscribe(inbox.address());
    co_await troupe::sleep_for(for_ever);
}

troupe::task<> partner(troupe::mailbox<meet, ask> inbox, sign begun) {
    troupe::actor<ask> other;
    co_await inbox.serve([&other](meet m) { other = m.other; },
                         [&](ask m) -> troupe::task<int> {
                             co_await begun.put(m.depth);
                             co_return co_await other.ask(ask{m.depth + 1});
                         });
}

troupe::task<> spinner(troupe::mailbox<spin> inbox, sign begun) {
    co_await inbox.serve([&begun](spin) -> troupe::task<> {
        co_await begun.put(1);
        const auto end = std::chrono::steady_clock::now() + for_ever;
        while (std::chrono::steady_clock::now() < end) {
        }
    });
}

troupe::task<> crasher(troupe::mailbox<crash, hello> inbox) {
    co_await inbox.serve([](crash m) { return std::raise(m.signal); },
                         [](hello) { return troupe::this_actor::incarnation(); });
}

troupe::task<> holder(troupe::mutex door, sign begun) {
    const auto inside = co_await door.lock();
    co_await begun.put(1);
    co_await troupe::sleep_for(for_ever);
}

troupe::task<> waiter(troupe::mutex door, sign begun) {
    co_await begun.put(1);
    const auto inside = co_await door.lock();
}

troupe::task<> crash_twice(troupe::actor<crash, hello> fragile) {
    for (int i = 0; i < 2; ++i) {
        try {
            co_await fragile.ask(crash{SIGABRT}, 60s);
        } catch (const troupe::actor_died&) {
        }
    }
    co_await fragile.ask(hello{}, 60s);
}

troupe::task<> ask_for_ever(troupe::actor<crash, hello> fragile) {
    for (;;) {
        try {
            co_await fragile.ask(hello{}, 60s);
        } catch (const troupe::actor_died&) {
        }
        co_await troupe::sleep_for(10ms);
    }
}

troupe::task<int> program(std::vector<std::string> arguments) {
    sign begun({.capacity = 64});
    troupe::supervisor team({.max_restarts = 1000, .window = 60s, .back_off = 1ms, .most_back_off = 2ms});
    auto fragile = co_await team.spawn<crasher>({.name = "crasher"});
    co_await crash_twice(fragile);

    auto full = co_await troupe::spawn<idle>({.name = "idle", .daemon = true});
    for (std::uint64_t i = 0; i < 30; ++i) {
        if (i % 3 < 2) {
            co_await full.send(note{i, 0.5});
        } else {
            co_await full.send(letter{"\x1b[31mnumber " + std::to_string(i), static_cast<int>(i)});
        }
    }

    auto east = co_await troupe::spawn<partner>({.name = "east", .daemon = true}, begun);
    auto west = co_await troupe::spawn<partner>({.name = "west", .daemon = true}, begun);
    co_await east.send(meet{west});
    co_await west.send(meet{east});
    co_await east.send(ask{1});
    auto busy = co_await troupe::spawn<spinner>({.name = "spinner", .daemon = true}, begun);
    co_await busy.send(spin{});
    const troupe::mutex door;
    co_await troupe::spawn<holder>({.name = "holder", .daemon = true}, door, begun);
    // east, west, spinner and holder have begun; east and west for the second time would mean that they go on.
    for (int signs = 0; signs < 4; ++signs) co_await begun.get();
    co_await troupe::spawn<waiter>({.name = "waiter", .daemon = true}, door, begun);
    co_await begun.get();

    troupe::queue<note> notes({.capacity = 8});
    for (std::uint64_t i = 0; i < 2; ++i) co_await notes.put(note{i, 1.0});
    auto [here, there] = troupe::pipe<letter, letter>();
    co_await here.send(letter{"on its way", 1});
    const troupe::semaphore permits(4);

    std::printf("ready %d\n", troupe::this_actor::pid());
    std::fflush(stdout);
    if (!arguments.empty() && arguments.back() == "busy") co_await ask_for_ever(fragile);
    co_await troupe::sleep_for(for_ever);
    co_return 0;
}

}  // namespace observed

int main(int argc, char** argv) { return troupe::run<observed::program>(argc, argv, {.report_crashes = false}); }
