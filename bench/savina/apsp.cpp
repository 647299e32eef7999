// Savina's all-pairs shortest paths: how long do 36 actors, one for each block of 50 x 50, take to compute the
// distances between 300 nodes by Floyd's and Warshall's algorithm?
//
// Between each two nodes is an edge, 1 to 100 long. In each of 300 rounds an actor sends its block, 20,000 bytes, to
// all blocks in its row and its column, waits for theirs, and looks for shorter ways by one more node. Scaled, there
// are fewer nodes, in the same blocks.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "dice.hpp"
#include "savina.hpp"

namespace {

constexpr std::size_t published_nodes = 300, block_length = 50;
constexpr std::uint64_t longest_edge = 100;

using distances = std::vector<std::int64_t>;  // row by row

struct state {
    std::uint64_t round, block;
    distances all;
};
struct solve {
    using reply = distances;
    std::vector<troupe::actor<state>> neighbours;
};

distances graph(std::size_t nodes) {
    bench::savina::dice random(nodes);
    distances all(nodes * nodes, 0);
    for (std::size_t i = 0; i < nodes; ++i)
        for (std::size_t j = i + 1; j < nodes; ++j)
            all[i * nodes + j] = all[j * nodes + i] = static_cast<std::int64_t>(random.below(longest_edge)) + 1;
    return all;
}

// Null when it is the own block, which nobody sends.
const distances* of_block(const std::vector<state>& came, std::size_t block) {
    for (const state& one : came)
        if (one.block == block) return &one.all;
    return nullptr;
}

void shorten(distances& mine, std::size_t block, std::size_t blocks, std::size_t by, const std::vector<state>& came) {
    const std::size_t row = block / blocks, column = block % blocks, at = by % block_length;
    const distances before = mine;
    const distances* const same_row = of_block(came, row * blocks + by / block_length);
    const distances* const same_column = of_block(came, by / block_length * blocks + column);
    const distances& in_row = same_row != nullptr ? *same_row : before;
    const distances& in_column = same_column != nullptr ? *same_column : before;
    for (std::size_t i = 0; i < block_length; ++i)
        for (std::size_t j = 0; j < block_length; ++j)
            mine[i * block_length + j] = std::min(before[i * block_length + j],
                                                  in_row[i * block_length + at] + in_column[at * block_length + j]);
}

troupe::task<> block_of_nodes(troupe::mailbox<solve, state> inbox, std::size_t block, std::size_t blocks,
                              distances mine) {
    auto asked = co_await inbox.receive<solve>();
    if (!asked) co_return;
    const auto& neighbours = asked->neighbours;
    // A neighbour can be one round ahead, and no more: for the next one it needs what is sent here.
    std::array<std::vector<state>, 2> came;
    for (std::uint64_t round = 0; round < blocks * block_length; ++round) {
        for (const auto& each : neighbours) co_await each.send(state{round, block, mine});
        auto& these = came[round % 2];
        while (these.size() < neighbours.size()) {
            auto one = co_await inbox.receive<state>();
            if (!one) co_return;
            came[one->round % 2].push_back(std::move(*one));
        }
        shorten(mine, block, blocks, round, these);
        these.clear();
    }
    asked->reply(mine);
}

using block_address = troupe::actor<solve, state>;

troupe::task<distances> ask(block_address block, solve question) { co_return co_await block.ask(question); }

distances cut(const distances& all, std::size_t block, std::size_t blocks) {
    const std::size_t nodes = blocks * block_length;
    distances part;
    for (std::size_t i = 0; i < block_length; ++i) {
        const std::size_t from = (block / blocks * block_length + i) * nodes + block % blocks * block_length;
        part.insert(part.end(), &all[from], &all[from] + block_length);
    }
    return part;
}

distances shortest(distances all, std::size_t nodes) {
    for (std::size_t k = 0; k < nodes; ++k)
        for (std::size_t i = 0; i < nodes; ++i)
            for (std::size_t j = 0; j < nodes; ++j)
                all[i * nodes + j] = std::min(all[i * nodes + j], all[i * nodes + k] + all[k * nodes + j]);
    return all;
}

std::size_t nodes_for(std::uint64_t scale) {
    std::size_t nodes = published_nodes;
    while (nodes > 2 * block_length &&
           nodes * nodes * nodes * scale > published_nodes * published_nodes * published_nodes)
        nodes -= block_length;
    return nodes;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told;
    const auto code = bench::savina::listen("How long do 36 actors take to compute the distances between 300 nodes?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const std::size_t nodes = nodes_for(told.scale), blocks = nodes / block_length, actors = blocks * blocks;
    const distances given = graph(nodes);
    const std::int64_t start = bench::now_ns();
    std::vector<block_address> all;
    all.reserve(actors);
    for (std::size_t i = 0; i < actors; ++i)
        all.push_back(co_await troupe::spawn<block_of_nodes>(i, blocks, cut(given, i, blocks)));
    std::vector<troupe::task<distances>> answers;
    answers.reserve(actors);
    for (std::size_t i = 0; i < actors; ++i) {
        solve mine;
        for (std::size_t j = 0; j < actors; ++j)
            if (j != i && (j / blocks == i / blocks || j % blocks == i % blocks)) mine.neighbours.push_back(all[j]);
        answers.push_back(ask(all[i], mine));
    }
    const std::vector<distances> came = co_await troupe::when_all(std::move(answers));
    for (const auto& one : all) co_await one.join();
    const std::int64_t took = bench::now_ns() - start;

    const distances expected = shortest(given, nodes);
    bool right = true;
    for (std::size_t i = 0; i < actors; ++i) right = right && came[i] == cut(expected, i, blocks);
    const std::uint64_t messages = actors * 2 * (blocks - 1) * nodes;
    co_return bench::savina::report("apsp", told, took, messages, right) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
