// How long is it from an actor's death by SIGKILL to the first reply of the process that its supervisor starts in its
// place?

#include <troupe/troupe.hpp>

#include <chrono>
#include <csignal>
#include <string>
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

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.5};
    const auto code =
        bench::listen("How long is it from an actor's death to the first reply of the process in its place?",
                      std::move(arguments), told);
    if (code) co_return *code;
    co_return co_await measure(told.seconds) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
