// How many messages of 64 B a second does one sender get out to 1, 2, 4 and 8 mailboxes, each in its turn?

#include <troupe/troupe.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "message.hpp"
#include "tally.hpp"

namespace {

using flat64 = bench::flat<64>;

struct reading {
    std::uint64_t count, errors;
    std::int64_t end;  // of its stream, on the clock that all processes share
};

troupe::task<> receiver(troupe::mailbox<flat64> inbox, troupe::queue<reading> into) {
    bench::tally seen;
    while (const auto one = co_await inbox.receive()) seen.take(one->number(), one->whole());
    co_await into.put({seen.count(), seen.errors(), bench::now_ns()});
}

// Gives how many each was sent.
troupe::task<std::uint64_t> send_in_turn(std::vector<troupe::actor<flat64>> crew, double seconds) {
    constexpr std::uint64_t rounds_a_clock_reading = 16;
    const std::int64_t end = bench::now_ns() + static_cast<std::int64_t>(seconds * 1e9);
    flat64 message;
    std::uint64_t number = 0;
    do {
        for (std::uint64_t i = 0; i < rounds_a_clock_reading; ++i) {
            message.write(number++);
            for (const auto& one : crew) co_await one.send(message);
        }
    } while (bench::now_ns() < end);
    co_return number;
}

troupe::task<bool> measure(std::size_t n, double seconds) {
    troupe::queue<reading> read;
    std::vector<troupe::actor<flat64>> crew;
    crew.reserve(n);
    for (std::size_t i = 0; i < n; ++i) crew.push_back(co_await troupe::spawn<receiver>(read));
    const std::int64_t start = bench::now_ns();
    const std::uint64_t sent = co_await send_in_turn(crew, seconds);
    for (const auto& one : crew) one.stop();
    for (const auto& one : crew) co_await one.join();

    std::uint64_t count = 0, errors = 0, reports = 0;
    std::int64_t end = start;
    for (; const auto one = read.try_get(); ++reports) {
        count += one->count;
        errors += one->errors + (sent > one->count ? sent - one->count : 0);
        end = std::max(end, one->end);
    }
    errors += n - reports;
    co_return bench::print(
        {.program = "fan_out",
         .name = std::to_string(n) + (n == 1 ? " receiver" : " receivers"),
         .unit = "M/s",
         .value = end > start ? static_cast<double>(count) * 1e3 / static_cast<double>(end - start) : 0,
         .count = count,
         .errors = errors});
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 0.5};
    const auto code = bench::listen("How many messages a second does one sender get out to several mailboxes?",
                                    std::move(arguments), told);
    if (code) co_return *code;
    bool right = true;
    for (const std::size_t n : {1, 2, 4, 8}) right = co_await measure(n, told.seconds) && right;
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
