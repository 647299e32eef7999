// How many round trips a second do 2, 4, 8 and 16 pairs of actors make, all at once and on few CPUs, and how far does
// the worst of the pairs fall behind?

#include <troupe/troupe.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "jain.hpp"
#include "message.hpp"

namespace {

using flat64 = bench::flat<64>;

struct turn {
    std::int64_t start, end;  // on the clock that all processes share
};
struct score {
    std::uint64_t round_trips, errors;
};

flat64 message_of(std::uint64_t number) {
    flat64 message;
    message.write(number);
    return message;
}

troupe::task<> answerer(troupe::mailbox<flat64> inbox, troupe::actor<flat64> other) {
    while (const auto message = co_await inbox.receive())
        co_await other.send(message_of(message->number() + (message->whole() ? 1 : 0)));
}

troupe::task<> player(troupe::mailbox<flat64> inbox, turn mine, troupe::queue<score> into) {
    const auto other = co_await troupe::spawn<answerer>(inbox.address());
    co_await troupe::sleep_for(std::chrono::nanoseconds(mine.start - bench::now_ns()));
    score told{0, 0};
    while (bench::now_ns() < mine.end) {
        co_await other.send(message_of(told.round_trips));
        const auto back = co_await inbox.receive();
        ++told.round_trips;
        if (!back || back->number() != told.round_trips || !back->whole()) ++told.errors;
        if (!back) break;
    }
    other.stop();
    co_await other.join();
    co_await into.put(told);
}

troupe::task<bool> measure(std::size_t pairs, double seconds) {
    constexpr std::int64_t time_to_spawn = 50'000'000, time_to_spawn_each = 10'000'000;
    troupe::queue<score> scores;
    const std::int64_t start = bench::now_ns() + time_to_spawn + static_cast<std::int64_t>(pairs) * time_to_spawn_each;
    const turn all_at_once{start, start + static_cast<std::int64_t>(seconds * 1e9)};
    std::vector<troupe::actor<flat64>> players;
    players.reserve(pairs);
    for (std::size_t i = 0; i < pairs; ++i) players.push_back(co_await troupe::spawn<player>(all_at_once, scores));
    for (const auto& one : players) co_await one.join();

    std::vector<std::uint64_t> counts;
    std::uint64_t count = 0, errors = 0;
    while (const auto one = scores.try_get()) {
        counts.push_back(one->round_trips);
        count += one->round_trips;
        errors += one->errors;
    }
    errors += pairs - counts.size();
    const std::string name = std::to_string(pairs) + " pairs";
    bool right = bench::print({.program = "oversubscribed",
                               .name = name,
                               .unit = "k/s",
                               .value = static_cast<double>(count) / seconds / 1e3,
                               .jain = bench::jain_index(counts),
                               .count = count,
                               .errors = errors});
    const double least = counts.empty() ? 0 : static_cast<double>(*std::min_element(counts.begin(), counts.end()));
    right = bench::print({.program = "oversubscribed",
                          .name = name + ", the worst",
                          .unit = "of its fair share",
                          .value = count > 0 ? least * static_cast<double>(pairs) / static_cast<double>(count) : 0,
                          .count = count,
                          .errors = errors}) &&
            right;
    co_return right;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 1};
    const auto code = bench::listen("How many round trips a second do more pairs of actors make than there are CPUs?",
                                    std::move(arguments), told);
    if (code) co_return *code;
    bool right = true;
    for (const std::size_t pairs : {2, 4, 8, 16}) right = co_await measure(pairs, told.seconds) && right;
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
