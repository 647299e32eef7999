// Savina's Fibonacci: how long does a tree of actors, one for each call of the naive recursion, take to compute a
// number?
//
// An actor that is asked for the n-th number spawns one actor for each of the two before it, and answers with their
// sum.
//
// The published 25th number takes 150,049 actors. Runs scaled by 199, which is the 14th with 753 actors, most of them
// alive at one time.

#include <troupe/troupe.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "savina.hpp"

namespace {

constexpr unsigned published_index = 25, usual_scale = 199;

struct result {
    std::uint64_t number, actors;
};
struct fibonacci {
    using reply = result;
    unsigned index;
};

troupe::task<> call(troupe::mailbox<fibonacci> inbox) {
    auto asked = co_await inbox.receive();
    if (!asked) co_return;
    if (asked->index <= 2) {
        asked->reply(result{1, 1});
        co_return;
    }
    const auto left = co_await troupe::spawn<call>();
    const auto right = co_await troupe::spawn<call>();
    const auto [one, two] =
        co_await troupe::when_all(left.ask(fibonacci{asked->index - 1}), right.ask(fibonacci{asked->index - 2}));
    asked->reply(result{one.number + two.number, one.actors + two.actors + 1});
}

std::uint64_t computed(unsigned index) {
    std::uint64_t before = 0, number = 1;
    for (unsigned i = 1; i < index; ++i) before = std::exchange(number, before + number);
    return number;
}
// One for each leaf of the tree, which adds 1 to the sum, and one for each sum.
std::uint64_t actors(unsigned index) { return 2 * computed(index) - 1; }

unsigned index_for(unsigned scale) {
    unsigned index = published_index;
    while (index > 1 && actors(index) * scale > actors(published_index)) --index;
    return index;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told{.scale = usual_scale};
    const auto code = bench::savina::listen("How long does a tree of actors take to compute a Fibonacci number?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const unsigned index = index_for(told.scale);
    const std::int64_t start = bench::now_ns();
    const auto root = co_await troupe::spawn<call>();
    const result answer = co_await root.ask(fibonacci{index});
    co_await root.join();
    const std::int64_t took = bench::now_ns() - start;
    const bool right = answer.number == computed(index) && answer.actors == actors(index);
    co_return bench::savina::report("fib", told, took, 2 * answer.actors, right) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
