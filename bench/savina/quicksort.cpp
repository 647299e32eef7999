// Savina's quicksort: how long does a tree of actors, one for each part that is split, take to sort 1,000,000 numbers?
//
// Numbers below 2^60 from the seed 1,024. An actor that is given more than 2,048 numbers splits them at the one in the
// middle and spawns an actor for each side; it puts together what they send back. A smaller part it sorts by itself.
//
// 1,000,000 numbers take some 2,000 actors. Runs scaled by 2, with 500,000, so that there are never more than about
// 1,000.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "dice.hpp"
#include "savina.hpp"

namespace {

constexpr std::uint64_t published_count = 1'000'000, seed = 1'024, limit = std::uint64_t{1} << 60;
constexpr std::size_t threshold = 2'048;
constexpr unsigned usual_scale = 2;

using numbers = std::vector<std::uint64_t>;

struct sorted {
    numbers values;
    std::uint64_t actors;  // that took part in it
};
struct sort {
    using reply = sorted;
    numbers values;
};

// Puts what is below the pivot into the first, what is above it into the second; gives how often the pivot is there.
std::size_t split(const numbers& values, std::uint64_t pivot, numbers& below, numbers& above) {
    for (const std::uint64_t each : values) {
        if (each < pivot) below.push_back(each);
        if (each > pivot) above.push_back(each);
    }
    return values.size() - below.size() - above.size();
}

troupe::task<> sorter(troupe::mailbox<sort> inbox) {
    auto asked = co_await inbox.receive();
    if (!asked) co_return;
    numbers& values = asked->values;
    if (values.size() <= threshold) {
        std::sort(values.begin(), values.end());
        asked->reply(sorted{std::move(values), 1});
        co_return;
    }
    numbers below, above;
    const std::uint64_t pivot = values[values.size() / 2];
    const std::size_t equal = split(values, pivot, below, above);
    const auto left = co_await troupe::spawn<sorter>();
    const auto right = co_await troupe::spawn<sorter>();
    auto [lower, upper] =
        co_await troupe::when_all(left.ask(sort{std::move(below)}), right.ask(sort{std::move(above)}));
    lower.values.insert(lower.values.end(), equal, pivot);
    lower.values.insert(lower.values.end(), upper.values.begin(), upper.values.end());
    lower.actors += upper.actors + 1;
    asked->reply(lower);
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told{.scale = usual_scale};
    const auto code = bench::savina::listen("How long does a tree of actors take to sort 1,000,000 numbers?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    bench::savina::dice random(seed);
    sort question{numbers(published_count / told.scale)};
    for (std::uint64_t& each : question.values) each = random.below(limit);

    const std::int64_t start = bench::now_ns();
    const auto root = co_await troupe::spawn<sorter>();
    const sorted answer = co_await root.ask(question);
    co_await root.join();
    const std::int64_t took = bench::now_ns() - start;
    std::sort(question.values.begin(), question.values.end());
    const bool right = answer.values == question.values;
    co_return bench::savina::report("quicksort", told, took, 2 * answer.actors, right) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
