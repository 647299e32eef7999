// How long is it from an actor's death by SIGKILL until the others go on: who sends to it, who receives from it, who
// has asked it; and to the first reply of the process that its supervisor starts in its place?
//
// The others are asleep when it dies.

#include <troupe/troupe.hpp>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"

namespace {

struct die {
    using reply = int;
};
struct count {
    using reply = unsigned;
};

troupe::task<> mortal(troupe::mailbox<die, count> inbox) {
    co_await inbox.serve([](die) { return raise(SIGKILL); }, [](count) { return troupe::this_actor::incarnation(); });
}

troupe::task<> die_once(troupe::actor<die> one) {
    try {
        co_await one.ask(die{});
    } catch (const troupe::actor_died&) {
        // As it should.
    }
}

troupe::task<bool> measure(double seconds) {
    constexpr unsigned warming_up = 3;
    troupe::supervisor crew({.max_restarts = 1'000'000, .back_off = std::chrono::nanoseconds(0)});
    auto one = co_await crew.spawn<mortal>({});
    bench::samples all;
    std::size_t errors = 0;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    for (unsigned i = 0; i < warming_up || bench::now_ns() < end; ++i) {
        const std::int64_t start = bench::now_ns();
        auto both = troupe::when_all(die_once(one), one.ask(count{}));  // the second waits in the mailbox
        const auto [died, incarnation] = co_await std::move(both);
        static_cast<void>(died);
        if (i >= warming_up) all.add(bench::now_ns() - start);
        if (incarnation != i + 1) ++errors;
    }
    co_await crew.stop();
    co_return bench::print(timed("recovery", "kill to reply", "ms", 1e6, all, errors));
}

using stream = troupe::connection<int, int>;

// Repeats `once`, which kills one actor, adds the time it took and gives whether all was right.
template <class Once>
troupe::task<bool> repeat(const char* name, double seconds, Once once) {
    constexpr int warming_up = 3;
    bench::samples all;
    std::size_t errors = 0;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    for (int i = 0; i < warming_up || bench::now_ns() < end; ++i) {
        const std::int64_t duration = co_await once();
        if (duration < 0) ++errors;
        if (duration >= 0 && i >= warming_up) all.add(duration);
    }
    co_return bench::print(timed("recovery", name, "us", 1e3, all, errors));
}

constexpr std::int64_t went_wrong = -1;
constexpr std::chrono::milliseconds until_asleep{1};  // longer than anybody spins

// By the system call, as where the floor is measured: actor::kill has the keeper do it, one wake-up later.
troupe::task<std::int64_t> kill_when_asleep(troupe::actor<> victim) {
    co_await troupe::sleep_for(until_asleep);
    const pid_t pid = victim.pid();
    const std::int64_t start = bench::now_ns();
    kill(pid, SIGKILL);
    co_return start;
}

// When the end came.
troupe::task<std::int64_t> send_to_the_end(const stream* to) {
    try {
        for (;;) co_await to->send(0);
    } catch (const troupe::closed&) {
        co_return bench::now_ns();
    }
}

troupe::task<> reads_nothing(stream other) {
    co_await troupe::sleep_for(std::chrono::hours(1));
    other.close();
}

troupe::task<std::int64_t> kill_receiver() {
    auto [mine, yours] = troupe::pipe<int, int>();
    const auto victim = co_await troupe::spawn<reads_nothing>(std::move(yours));
    while (mine.try_send(0)) continue;
    auto both = troupe::when_all(send_to_the_end(&mine), kill_when_asleep(victim));
    const auto [end, start] = co_await std::move(both);
    const troupe::exit_status status = co_await victim.join();
    co_return status.signal() == SIGKILL ? end - start : went_wrong;
}

constexpr int sent_before_death = 100;

troupe::task<> sends_and_hangs(stream other, troupe::queue<int> done) {
    for (int i = 0; i < sent_before_death; ++i) co_await other.send(i);
    co_await done.put(sent_before_death);
    co_await troupe::sleep_for(std::chrono::hours(1));
}

// When the end came; never, when something is missing before it.
troupe::task<std::int64_t> receive_to_the_end(const stream* from) {
    int next = 0;
    bool right = true;
    while (const auto number = co_await from->receive()) right = *number == next++ && right;
    co_return right&& next == sent_before_death ? bench::now_ns() : 0;
}

troupe::task<std::int64_t> kill_sender() {
    auto [mine, yours] = troupe::pipe<int, int>();
    troupe::queue<int> done({.capacity = 1});
    const auto victim = co_await troupe::spawn<sends_and_hangs>(std::move(yours), done);
    const auto sent = co_await done.get();
    auto both = troupe::when_all(receive_to_the_end(&mine), kill_when_asleep(victim));
    const auto [end, start] = co_await std::move(both);
    const troupe::exit_status status = co_await victim.join();
    co_return sent&& end > start&& status.signal() == SIGKILL ? end - start : went_wrong;
}

troupe::task<> never_answers(troupe::mailbox<count> inbox) {
    co_await inbox.serve([](count) -> troupe::task<unsigned> {
        co_await troupe::sleep_for(std::chrono::hours(1));
        co_return 0U;
    });
}

troupe::task<std::int64_t> ask_to_the_end(troupe::actor<count> one) {
    try {
        static_cast<void>(co_await one.ask(count{}));
    } catch (const troupe::actor_died&) {
        co_return bench::now_ns();
    }
    co_return 0;
}

troupe::task<std::int64_t> kill_asked() {
    const auto victim = co_await troupe::spawn<never_answers>();
    auto both = troupe::when_all(ask_to_the_end(victim), kill_when_asleep(victim));
    const auto [end, start] = co_await std::move(both);
    const troupe::exit_status status = co_await victim.join();
    co_return end > start&& status.signal() == SIGKILL ? end - start : went_wrong;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.5};
    const auto code =
        bench::listen("How long is it from an actor's death until the others go on?", std::move(arguments), told);
    if (code) co_return *code;
    bool right = co_await measure(told.seconds);
    right = co_await repeat("receiver killed, its sender goes on", told.seconds, kill_receiver) && right;
    right = co_await repeat("sender killed, its receiver goes on", told.seconds, kill_sender) && right;
    right = co_await repeat("asked actor killed, who asked goes on", told.seconds, kill_asked) && right;
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
