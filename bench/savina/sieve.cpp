// Savina's sieve of Eratosthenes: how long does a chain of actors, each of which holds 1,000 primes, take to find the
// primes up to 100,000?
//
// A source sends the odd numbers to the first of the chain. What no prime of an actor divides goes to the next actor;
// where there is none, the number is a prime, which the actor keeps, or spawns the next actor for when it has its
// 1,000. The end of the numbers runs through the chain behind them. Each actor tells how many primes it holds, and
// their sum. Scaled, the numbers end earlier.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../figure.hpp"
#include "savina.hpp"

namespace {

constexpr std::uint64_t published_limit = 100'000;
constexpr std::size_t primes_each = 1'000;

struct candidate {
    std::uint64_t number;
};
struct primes {
    std::uint64_t count = 0, sum = 0;
    std::uint64_t messages = 0;  // that came to those who hold them
};
struct found {
    using reply = primes;
};

// Asked for what was found, it asks the next one: the question runs behind the numbers.
troupe::task<> filter(troupe::mailbox<candidate, found> inbox, std::uint64_t first) {
    std::vector<std::uint64_t> mine = {first};
    primes told{1, first, 0};
    troupe::actor<candidate, found> next;
    for (;;) {
        auto message = co_await inbox.receive();
        if (!message) co_return;
        ++told.messages;
        if (const auto* one = std::get_if<candidate>(&*message)) {
            const std::uint64_t n = one->number;
            if (std::any_of(mine.begin(), mine.end(), [n](std::uint64_t p) { return n % p == 0; })) continue;
            if (next) {
                co_await next.send(*one);
            } else if (mine.size() < primes_each) {
                mine.push_back(n);
                ++told.count;
                told.sum += n;
            } else {
                next = co_await troupe::spawn<filter>(n);
            }
        } else {
            if (next) {
                const primes rest = co_await next.ask(found{});
                told = {told.count + rest.count, told.sum + rest.sum, told.messages + rest.messages};
            }
            std::get<troupe::request<found>>(*message).reply(told);
            co_return;
        }
    }
}

troupe::task<> source(troupe::actor<candidate> first, std::uint64_t limit) {
    for (std::uint64_t n = 3; n < limit; n += 2) co_await first.send(candidate{n});
}

primes sieved(std::uint64_t limit) {
    primes all;
    std::vector<char> crossed(limit, 0);
    for (std::uint64_t n = 2; n < limit; ++n) {
        if (crossed[n] != 0) continue;
        ++all.count;
        all.sum += n;
        for (std::uint64_t m = n * n; m < limit; m += n) crossed[m] = 1;
    }
    return all;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told;
    const auto code = bench::savina::listen("How long does a chain of actors take to find the primes up to 100,000?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const std::uint64_t limit = std::max<std::uint64_t>(published_limit / told.scale, 3);
    const std::int64_t start = bench::now_ns();
    const auto first = co_await troupe::spawn<filter>(std::uint64_t{2});
    const auto numbers = co_await troupe::spawn<source>(first, limit);
    co_await numbers.join();
    const primes seen = co_await first.ask(found{});
    co_await first.join();
    const std::int64_t took = bench::now_ns() - start;
    const primes expected = sieved(limit);
    const bool right = seen.count == expected.count && seen.sum == expected.sum;
    co_return bench::savina::report("sieve", told, took, seen.messages, right) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
