// Savina's radix sort: how long does a chain of 60 actors, one for each bit, take to sort 100,000 numbers that pass
// through it one by one?
//
// Numbers below 2^60 from the seed 2,048. An actor hands on at once what has no 1 at its bit, and keeps the rest until
// all numbers were there; then it hands on those, and is done. The last one collects them. Scaled, there are fewer
// numbers.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../figure.hpp"
#include "dice.hpp"
#include "savina.hpp"

namespace {

constexpr std::uint64_t published_count = 100'000, seed = 2'048;
constexpr unsigned bits = 60;
constexpr std::uint64_t limit = std::uint64_t{1} << bits;

struct value {
    std::uint64_t number;
};
struct sorted {
    using reply = std::vector<std::uint64_t>;  // in the order in which they came
};
using next_address = troupe::actor<value>;

troupe::task<> source(next_address next, std::uint64_t count) {
    bench::savina::dice random(seed);
    for (std::uint64_t i = 0; i < count; ++i) co_await next.send(value{random.below(limit)});
}

troupe::task<> sorter(troupe::mailbox<value> inbox, next_address next, std::uint64_t count, unsigned bit) {
    std::vector<value> ones;
    ones.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto one = co_await inbox.receive();
        if (!one) co_return;
        if ((one->number >> bit & 1) == 0) {
            co_await next.send(*one);
        } else {
            ones.push_back(*one);
        }
    }
    for (const value& one : ones) co_await next.send(one);
}

troupe::task<> validator(troupe::mailbox<value, sorted> inbox, std::uint64_t count) {
    std::optional<troupe::request<sorted>> asked;
    std::vector<std::uint64_t> came;
    came.reserve(count);
    while (!asked || came.size() < count) {
        auto next = co_await inbox.receive();
        if (!next) co_return;
        if (const auto* one = std::get_if<value>(&*next)) {
            came.push_back(one->number);
        } else {
            asked.emplace(std::get<troupe::request<sorted>>(std::move(*next)));
        }
    }
    asked->reply(came);
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told;
    const auto code = bench::savina::listen("How long does a chain of 60 actors take to sort 100,000 numbers?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const std::uint64_t count = published_count / told.scale;
    const std::int64_t start = bench::now_ns();
    const auto last = co_await troupe::spawn<validator>(count);
    next_address next = last;
    // The lowest bit is sorted first: its actor stands at the front of the chain.
    for (unsigned bit = bits; bit-- > 0;) next = co_await troupe::spawn<sorter>(next, count, bit);
    const auto first = co_await troupe::spawn<source>(next, count);
    const std::vector<std::uint64_t> came = co_await last.ask(sorted{});
    co_await first.join();
    co_await last.join();
    const std::int64_t took = bench::now_ns() - start;

    bench::savina::dice random(seed);
    std::vector<std::uint64_t> expected(count);
    for (std::uint64_t& each : expected) each = random.below(limit);
    std::sort(expected.begin(), expected.end());
    co_return bench::savina::report("radixsort", told, took, count * (bits + 1), came == expected) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
