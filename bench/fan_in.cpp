// How many messages of 64 B a second does one mailbox take from 1 to 16 senders, and how evenly are they served? And
// how many bytes does one sender of 16,000 B messages get in among three of small ones?

#include <troupe/troupe.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "command_line.hpp"
#include "figure.hpp"
#include "jain.hpp"
#include "message.hpp"
#include "tally.hpp"

namespace {

using bench::parcel;

constexpr std::size_t most_senders = 16;
constexpr std::size_t mailbox_bytes = std::size_t{1} << 20;
constexpr std::size_t large_bytes = 16'000;

struct item {
    std::uint64_t sender, place;
    std::array<std::uint64_t, 6> rest;

    void write(std::uint64_t n) noexcept {
        place = n;
        for (std::size_t i = 0; i < rest.size(); ++i) rest[i] = n + sender + i;
    }
    std::uint64_t number() const noexcept { return place; }
    bool whole() const noexcept {
        std::uint64_t wrong = 0;
        for (std::size_t i = 0; i < rest.size(); ++i) wrong |= rest[i] ^ (place + sender + i);
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
struct sum {
    std::uint64_t sender, sent;
};

// What a reader has seen of each sender, in a form that travels.
reading told_of(const std::array<bench::tally, most_senders>& seen, std::int64_t start) {
    reading told{start == 0 ? 0 : bench::now_ns() - start, {}};
    told.shares.reserve(most_senders);
    for (const bench::tally& each : seen) told.shares.push_back({each.count(), each.errors()});
    return told;
}

troupe::task<> reader(troupe::mailbox<item> inbox, troupe::queue<reading> into) {
    std::array<bench::tally, most_senders> seen;
    std::int64_t start = 0;
    while (const auto one = co_await inbox.receive()) {
        if (start == 0) start = bench::now_ns();
        seen[one->sender % most_senders].take(one->number(), one->whole());
    }
    co_await into.put(told_of(seen, start));
}

// The sender of large ones is the first.
troupe::task<> reader_of_both(troupe::mailbox<item, parcel> inbox, troupe::queue<reading> into) {
    std::array<bench::tally, most_senders> seen;
    std::int64_t start = 0;
    while (const auto message = co_await inbox.receive()) {
        if (start == 0) start = bench::now_ns();
        if (const item* small = std::get_if<item>(&*message)) {
            seen[small->sender % most_senders].take(small->number(), small->whole());
        } else {
            const parcel& large = std::get<parcel>(*message);
            seen[0].take(large.number(), large.whole());
        }
    }
    co_await into.put(told_of(seen, start));
}

struct order {
    std::uint64_t sender;
    std::int64_t start, end;  // on the clock that all processes share
};

template <class M>
troupe::task<std::uint64_t> send_until_end(troupe::actor<M> to, M message, order mine) {
    constexpr std::uint64_t sent_a_clock_reading = 64;
    co_await troupe::sleep_for(std::chrono::nanoseconds(mine.start - bench::now_ns()));
    std::uint64_t number = 0;
    do {
        for (std::uint64_t i = 0; i < sent_a_clock_reading; ++i) {
            message.write(number++);
            co_await to.send(message);
        }
    } while (bench::now_ns() < mine.end);
    co_return number;
}

troupe::task<> sender(troupe::actor<item> to, order mine, troupe::queue<sum> sent) {
    const std::uint64_t number = co_await send_until_end(to, item{mine.sender, 0, {}}, mine);
    co_await sent.put({mine.sender, number});
}

troupe::task<> sender_of_large(troupe::actor<parcel> to, order mine, troupe::queue<sum> sent) {
    const std::uint64_t number = co_await send_until_end(to, parcel::make(large_bytes), mine);
    co_await sent.put({mine.sender, number});
}

// What came, checked against what was sent.
struct outcome {
    std::int64_t nanoseconds = 0;
    std::vector<std::uint64_t> counts;  // of each sender
    std::uint64_t count = 0, errors = 0;
};

outcome reckoned(std::size_t senders, const troupe::queue<reading>& read, const troupe::queue<sum>& sent) {
    const reading seen = read.try_get().value_or(reading{0, std::vector<share>(most_senders)});
    outcome all;
    all.nanoseconds = seen.nanoseconds;
    all.counts.assign(senders, 0);
    for (std::size_t i = 0; i < most_senders; ++i) {
        all.count += seen.shares[i].count;
        all.errors += seen.shares[i].errors;
        if (i < senders) all.counts[i] = seen.shares[i].count;
    }
    std::uint64_t reports = 0;
    for (; const auto one = sent.try_get(); ++reports) {
        const std::uint64_t came = seen.shares[one->sender % most_senders].count;
        all.errors += one->sent > came ? one->sent - came : 0;
    }
    all.errors += senders - reports;
    return all;
}

order order_of(std::uint64_t sender, std::int64_t start, double seconds) {
    return {sender, start, start + static_cast<std::int64_t>(seconds * 1e9)};
}

// When all will have been started.
std::int64_t start_of(std::size_t senders) {
    constexpr std::int64_t time_to_spawn = 50'000'000, time_to_spawn_each = 5'000'000;
    return bench::now_ns() + time_to_spawn + static_cast<std::int64_t>(senders) * time_to_spawn_each;
}

troupe::task<bool> measure(std::size_t n, double seconds) {
    troupe::queue<reading> read;
    troupe::queue<sum> sent;
    const auto inbox = co_await troupe::spawn<reader>({.mailbox = mailbox_bytes}, read);
    const std::int64_t start = start_of(n);
    std::vector<troupe::actor<>> crew;
    crew.reserve(n);
    for (std::uint64_t i = 0; i < n; ++i)
        crew.push_back(co_await troupe::spawn<sender>(inbox, order_of(i, start, seconds), sent));
    for (const auto& one : crew) co_await one.join();
    inbox.stop();
    co_await inbox.join();

    const outcome all = reckoned(n, read, sent);
    co_return bench::print(
        {.program = "fan_in",
         .name = std::to_string(n) + (n == 1 ? " sender" : " senders"),
         .unit = "M/s",
         .value = all.nanoseconds > 0 ? static_cast<double>(all.count) * 1e3 / static_cast<double>(all.nanoseconds) : 0,
         .jain = bench::jain_index(all.counts),
         .count = all.count,
         .errors = all.errors});
}

// The first of four sends large ones. All offer as much as they can: its fair share is a quarter of the bytes.
troupe::task<bool> large_beside_small(double seconds) {
    constexpr std::size_t senders = 4;
    troupe::queue<reading> read;
    troupe::queue<sum> sent;
    const auto inbox = co_await troupe::spawn<reader_of_both>({.mailbox = mailbox_bytes}, read);
    const std::int64_t start = start_of(senders);
    std::vector<troupe::actor<>> crew;
    crew.push_back(co_await troupe::spawn<sender_of_large>(inbox, order_of(0, start, seconds), sent));
    for (std::uint64_t i = 1; i < senders; ++i)
        crew.push_back(co_await troupe::spawn<sender>(inbox, order_of(i, start, seconds), sent));
    for (const auto& one : crew) co_await one.join();
    inbox.stop();
    co_await inbox.join();

    const outcome all = reckoned(senders, read, sent);
    const auto large = static_cast<double>(all.counts[0] * large_bytes);
    const double bytes = large + static_cast<double>((all.count - all.counts[0]) * sizeof(item));
    co_return bench::print({.program = "fan_in",
                            .name = "large beside small",
                            .unit = "of its fair share",
                            .value = bytes > 0 ? large / (bytes / senders) : 0,
                            .count = all.count,
                            .errors = all.errors});
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::wishes told{.seconds = 1};
    const auto code = bench::listen("How many messages a second does one mailbox take from several senders?",
                                    std::move(arguments), told);
    if (code) co_return *code;
    bool right = true;
    for (std::size_t n = 1; n <= most_senders; n *= 2) right = co_await measure(n, told.seconds) && right;
    right = co_await large_beside_small(told.seconds) && right;
    co_return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
