// How many messages of 64 B a second does one mailbox take from 1, 2 and 4 senders, and how evenly are they served?

#include <troupe/troupe.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "tally.hpp"

namespace {

constexpr std::size_t most_senders = 4;

struct item {
    std::uint64_t sender, number;
    std::array<std::uint64_t, 6> rest;

    void write(std::uint64_t n) noexcept {
        number = n;
        for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = n + sender + i;
    }
    bool whole() const noexcept {
        std::uint64_t wrong = 0;
        for (std::size_t i = 0; i < rest.size(); ++i) wrong |= rest[i] ^ (number + sender + i);
        return wrong == 0;
    }
};
static_assert(sizeof(item) == 64);

struct share {
    std::uint64_t count = 0, errors = 0;
};
struct reading {
    std::int64_t nanoseconds = 0;
    std::vector<share> shares;  // of each sender
};

troupe::task<> reader(troupe::mailbox<item> inbox, troupe::queue<reading> into) {
    std::array<bench::tally, most_senders> seen;
    std::int64_t start = 0;
    while (const auto one = co_await inbox.receive()) {
        if (start == 0) start = bench::now_ns();
        seen[one->sender % most_senders].take(one->number, one->whole());
    }
    reading told{bench::now_ns() - start, {}};
    told.shares.reserve(most_senders);
    for (const bench::tally& each : seen) told.shares.push_back({each.count(), each.errors()});
    co_await into.put(told);
}

struct order {
    std::uint64_t sender;
    std::int64_t start, end;  // on the clock that all processes share
};

troupe::task<> sender(troupe::actor<item> to, order mine, troupe::queue<std::pair<std::uint64_t, std::uint64_t>> sent) {
    constexpr std::uint64_t sent_a_clock_reading = 64;
    co_await troupe::sleep_for(std::chrono::nanoseconds(mine.start - bench::now_ns()));
    item one{mine.sender, 0, {}};
    std::uint64_t number = 0;
    do {
        for (std::uint64_t i = 0; i < sent_a_clock_reading; ++i) {
            one.write(number++);
            co_await to.send(one);
        }
    } while (bench::now_ns() < mine.end);
    co_await sent.put({mine.sender, number});
}

// Jain's index: 1 when all got the same, 1/n when one got everything.
double jain_index(const std::vector<share>& shares, std::size_t n) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto count = static_cast<double>(shares[i].count);
        sum += count;
        squares += count * count;
    }
    return squares > 0 ? sum * sum / (static_cast<double>(n) * squares) : 0;
}

troupe::task<bool> measure(std::size_t n, double seconds) {
    constexpr std::int64_t time_to_spawn = 50'000'000;
    troupe::queue<reading> read;
    troupe::queue<std::pair<std::uint64_t, std::uint64_t>> sent;
    const auto inbox = co_await troupe::spawn<reader>({.mailbox = std::size_t{1} << 20}, read);
    const std::int64_t start = bench::now_ns() + time_to_spawn;
    const std::int64_t end = start + static_cast<std::int64_t>(seconds * 1e9);
    std::vector<troupe::actor<>> crew;
    crew.reserve(n);
    for (std::uint64_t i = 0; i < n; ++i)
        crew.push_back(co_await troupe::spawn<sender>(inbox, order{i, start, end}, sent));
    for (const auto& one : crew) co_await one.join();
    inbox.stop();
    co_await inbox.join();

    const reading seen = read.try_get().value_or(reading{0, std::vector<share>(most_senders)});
    std::uint64_t count = 0, errors = 0, reports = 0;
    for (const share& each : seen.shares) {
        count += each.count;
        errors += each.errors;
    }
    for (; const auto one = sent.try_get(); ++reports) {
        const std::uint64_t came = seen.shares[one->first % most_senders].count;
        errors += one->second > came ? one->second - came : 0;
    }
    errors += n - reports;
    co_return bench::print(
        {.program = "fan_in",
         .name = std::to_string(n) + (n == 1 ? " sender" : " senders"),
         .unit = "M/s",
         .value = seen.nanoseconds > 0 ? static_cast<double>(count) * 1e3 / static_cast<double>(seen.nanoseconds) : 0,
         .jain = jain_index(seen.shares, n),
         .count = count,
         .errors = errors});
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 1};
    const auto code = bench::listen("How many messages a second does one mailbox take from several senders?",
                                    std::move(arguments), told);
    if (code) co_return *code;
    bool right = true;
    for (const std::size_t n : {1, 2, 4}) right = co_await measure(n, told.seconds) && right;
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
