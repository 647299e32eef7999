// Savina's bitonic sort: how long does a network of actors, each of which compares two numbers, take to sort the
// numbers that pass through it once?
//
// Each step of each merge stage is a splitter, which deals the sequence out to its parts, the parts, and a joiner,
// which puts it together again. A part is a splitter, an actor for each pair, and a joiner; a part of two numbers is
// one pair. Numbers below 2^60 from the seed 2,048.
//
// The published 4,096 numbers take some 200,000 actors. Runs scaled by 64: 64 numbers and 974 actors, all of them alive
// at one time. Savina's actors that only convert or hand on a message are left out.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../figure.hpp"
#include "dice.hpp"
#include "savina.hpp"

namespace {

constexpr std::size_t published_count = 4'096;
constexpr std::uint64_t seed = 2'048, limit = std::uint64_t{1} << 60;
constexpr unsigned usual_scale = 64;

using numbers = std::vector<std::uint64_t>;

struct item {
    std::uint64_t value;
    std::uint64_t from;  // which part of the step, or pair of the part, it comes from
};
struct sorted {
    using reply = numbers;
};
using next_address = troupe::actor<item>;

// Hands `count` items on, `run` of them at a time to each receiver in turn.
troupe::task<> splitter(troupe::mailbox<item> inbox, std::vector<next_address> to, std::size_t run, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const auto one = co_await inbox.receive();
        if (!one) co_return;
        co_await to[i / run % to.size()].send(*one);
    }
}

// The other way round; what it hands on says that it comes from `order`.
troupe::task<> joiner(troupe::mailbox<item> inbox, std::size_t order, std::size_t parts, std::size_t run,
                      std::size_t count, next_address next) {
    std::vector<std::deque<std::uint64_t>> waiting(parts);
    std::size_t gone = 0;
    while (gone < count) {
        const auto one = co_await inbox.receive();
        if (!one) co_return;
        waiting.at(one->from).push_back(one->value);
        while (gone < count && !waiting[gone / run % parts].empty()) {
            auto& first = waiting[gone / run % parts];
            co_await next.send(item{first.front(), order});
            first.pop_front();
            ++gone;
        }
    }
}

troupe::task<> pair(troupe::mailbox<item> inbox, std::size_t order, int upwards, next_address next) {
    const auto one = co_await inbox.receive();
    const auto two = co_await inbox.receive();
    if (!one || !two) co_return;
    auto [low, high] = std::minmax(one->value, two->value);
    co_await next.send(item{upwards != 0 ? low : high, order});
    co_await next.send(item{upwards != 0 ? high : low, order});
}

troupe::task<> sink(troupe::mailbox<item, sorted> inbox, std::size_t count) {
    std::optional<troupe::request<sorted>> asked;
    numbers came;
    while (!asked || came.size() < count) {
        auto next = co_await inbox.receive();
        if (!next) co_return;
        if (const auto* one = std::get_if<item>(&*next)) {
            came.push_back(one->value);
        } else {
            asked.emplace(std::get<troupe::request<sorted>>(std::move(*next)));
        }
    }
    asked->reply(came);
}

// Starts the network from its end to its front: whoever is started is told who comes next.
class network {
public:
    explicit network(std::size_t count) : count_(count) {}

    troupe::task<> build(next_address end) {
        front_ = end;
        for (std::size_t stage = count_; stage >= 2; stage /= 2)
            for (std::size_t length = 2; length <= stage; length *= 2) co_await add_step(stage, length);
    }
    next_address front() const noexcept { return front_; }
    troupe::task<> join() const {
        for (const auto& one : all_) co_await one.join();
    }
    std::uint64_t messages() const noexcept { return messages_; }

private:
    // Parts of `length` in one merge stage. The sequences of a stage go up and down by turns, and in the last one up.
    troupe::task<> add_step(std::size_t stage, std::size_t length) {
        const std::size_t parts = count_ / length;
        const next_address together = kept(co_await troupe::spawn<joiner>(0, parts, length, count_, front_));
        std::vector<next_address> fronts;
        fronts.reserve(parts);
        for (std::size_t i = 0; i < parts; ++i) {
            const int upwards = i * length / stage % 2 == 0 ? 1 : 0;
            if (length == 2) {
                fronts.push_back(kept(co_await troupe::spawn<pair>(i, upwards, together)));
            } else {
                fronts.push_back(co_await part(i, length, upwards, together));
            }
        }
        front_ = kept(co_await troupe::spawn<splitter>(fronts, length, count_));
        messages_ += (length == 2 ? 3 : 5) * count_;
    }
    troupe::task<next_address> part(std::size_t order, std::size_t length, int upwards, next_address next) {
        const std::size_t pairs = length / 2;
        const next_address together = kept(co_await troupe::spawn<joiner>(order, pairs, std::size_t{1}, length, next));
        std::vector<next_address> fronts;
        fronts.reserve(pairs);
        for (std::size_t i = 0; i < pairs; ++i)
            fronts.push_back(kept(co_await troupe::spawn<pair>(i, upwards, together)));
        co_return kept(co_await troupe::spawn<splitter>(fronts, std::size_t{1}, length));
    }
    next_address kept(next_address started) {
        all_.push_back(started);
        return started;
    }

    std::size_t count_;
    std::uint64_t messages_ = 0;
    next_address front_;
    std::vector<next_address> all_;
};

std::size_t count_for(unsigned scale) {
    std::size_t count = published_count;
    while (count > 2 && count * scale > published_count) count /= 2;
    return count;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told{.scale = usual_scale};
    const auto code = bench::savina::listen("How long does a bitonic network of actors take to sort numbers?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    bench::savina::dice random(seed);
    numbers given(count_for(told.scale));
    for (std::uint64_t& each : given) each = random.below(limit);

    const std::int64_t start = bench::now_ns();
    const auto end = co_await troupe::spawn<sink>(given.size());
    network sorting(given.size());
    co_await sorting.build(end);
    for (const std::uint64_t each : given) co_await sorting.front().send(item{each, 0});
    const numbers came = co_await end.ask(sorted{});
    co_await sorting.join();
    co_await end.join();
    const std::int64_t took = bench::now_ns() - start;
    std::sort(given.begin(), given.end());
    const std::uint64_t messages = given.size() + sorting.messages();
    co_return bench::savina::report("bitonicsort", told, took, messages, came == given) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
