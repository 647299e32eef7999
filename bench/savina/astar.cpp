// Savina's guided search: how long do 20 workers take to find a way through a grid of 30 x 30 x 30 nodes?
//
// From each node up to six edges lead on, away from the origin; the target is at four fifths of each side. A worker
// searches from the node it is given, 1,024 nodes at most, and sends what it could not look at any more back to the
// master, who deals it out in turn. The first worker that comes to the target says so; then nothing more is dealt out,
// and it ends when all have done what they had. Looking at a node takes 100 random numbers.
//
// Savina's workers share the parent of each node in memory. Here each has its own copy of the grid and remembers what
// it has looked at itself; it tells the master from where it came to its nodes, and the master keeps the first answer
// and deals out no node twice. Scaled, the grid has at most that share of the nodes.

#include <troupe/troupe.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../figure.hpp"
#include "dice.hpp"
#include "savina.hpp"

namespace {

constexpr std::size_t workers = 20, threshold = 1'024;
constexpr std::uint32_t published_side = 30, nobody = ~std::uint32_t{0};
constexpr std::uint64_t seed = 123'456;

// The same in every process, from the same seed.
class grid {
public:
    explicit grid(std::uint32_t side) : side_(side), edges_(std::size_t{side} * side * side) {
        bench::savina::dice random(seed);
        for (std::uint32_t from = 0; from < size(); ++from) {
            // Every step to a corner of the node's cube but the one that stays and the one across.
            for (std::uint32_t step = 1; step < 7; ++step)
                if ((step == 6 && edges_[from].empty()) || random.below(2) == 1) add(from, step);
        }
    }
    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(edges_.size()); }
    std::uint32_t target() const noexcept {
        const std::uint32_t at = side_ * 4 / 5;
        return (at * side_ + at) * side_ + at;
    }
    const std::vector<std::uint32_t>& from(std::uint32_t node) const { return edges_.at(node); }
    bool leads(std::uint32_t from, std::uint32_t to) const {
        return std::find(edges_.at(from).begin(), edges_.at(from).end(), to) != edges_.at(from).end();
    }

private:
    void add(std::uint32_t from, std::uint32_t step) {
        const auto along = [&](std::uint32_t at, std::uint32_t by) { return std::min(side_ - 1, at + by); };
        const std::uint32_t x = along(from / side_ / side_, step >> 2), y = along(from / side_ % side_, step >> 1 & 1),
                            z = along(from % side_, step & 1);
        const std::uint32_t to = (x * side_ + y) * side_ + z;
        if (to != from && !leads(from, to)) edges_[from].push_back(to);
    }

    std::uint32_t side_;
    std::vector<std::vector<std::uint32_t>> edges_;
};

struct work {
    std::uint32_t node;
};
struct edge {
    std::uint32_t from, to;
};
struct reached {
    std::vector<edge> by;
};
struct at_target {};
struct done {
    std::uint64_t nodes, checksum;  // that were looked at; of what looking at them took
};
struct outcome {
    std::vector<std::uint32_t> parents;  // of each node, `nobody` of those that were not reached
    std::uint64_t nodes = 0, messages = 0;
};
struct search {
    using reply = outcome;
    std::uint32_t side;
};
using master_address = troupe::actor<work, reached, at_target, done>;

// What one worker knows.
class explorer {
public:
    explicit explorer(std::uint32_t side) : over_(side), seen_(over_.size(), 0), looked_at_(over_.size(), 0) {}

    struct findings {
        reached ways;
        std::vector<std::uint32_t> left;
        done how = {0, 0};
        bool at_target = false;
    };
    findings explore(std::uint32_t from) {
        findings all;
        std::deque<std::uint32_t> next = {from};
        seen_.at(from) = 1;
        while (!next.empty() && all.how.nodes < threshold && !all.at_target) {
            const std::uint32_t node = next.front();
            next.pop_front();
            if (std::exchange(looked_at_[node], 1) != 0) continue;
            ++all.how.nodes;
            for (int i = 0; i < 100; ++i) all.how.checksum += random_.next();
            for (const std::uint32_t to : over_.from(node)) {
                if (std::exchange(seen_[to], 1) != 0) continue;
                all.ways.by.push_back({node, to});
                all.at_target = all.at_target || to == over_.target();
                next.push_back(to);
            }
        }
        if (!all.at_target) all.left.assign(next.begin(), next.end());
        return all;
    }

private:
    grid over_;
    std::vector<char> seen_, looked_at_;
    bench::savina::dice random_{1};
};

troupe::task<> worker(troupe::mailbox<work> inbox, std::uint32_t side, master_address master) {
    explorer mine(side);
    while (const auto one = co_await inbox.receive()) {
        const explorer::findings all = mine.explore(one->node);
        if (!all.ways.by.empty()) co_await master.send(all.ways);
        if (all.at_target) co_await master.send(at_target{});
        for (const std::uint32_t node : all.left) co_await master.send(work{node});
        co_await master.send(all.how);
    }
}

troupe::task<> master(troupe::mailbox<search, work, reached, at_target, done> inbox) {
    auto asked = co_await inbox.receive<search>();
    if (!asked) co_return;
    std::vector<troupe::actor<work>> crew;
    crew.reserve(workers);
    for (std::size_t i = 0; i < workers; ++i)
        crew.push_back(co_await troupe::spawn<worker>(asked->side, inbox.address()));

    const std::size_t nodes = std::size_t{asked->side} * asked->side * asked->side;
    outcome seen{std::vector<std::uint32_t>(nodes, nobody), 0, 0};
    std::vector<char> dealt(nodes, 0);
    std::uint64_t sent = 0, completed = 0;
    bool found = false;
    dealt[0] = 1;
    co_await crew[sent++ % workers].send(work{0});
    while (completed < sent) {
        const auto next = co_await inbox.receive();
        if (!next) co_return;
        ++seen.messages;
        if (const auto* left = std::get_if<work>(&*next)) {
            if (!found && std::exchange(dealt.at(left->node), 1) == 0) co_await crew[sent++ % workers].send(*left);
        } else if (const auto* ways = std::get_if<reached>(&*next)) {
            for (const edge& each : ways->by)
                if (each.to != 0 && seen.parents.at(each.to) == nobody) seen.parents[each.to] = each.from;
        } else if (const auto* how = std::get_if<done>(&*next)) {
            seen.nodes += how->nodes;
            ++completed;
        } else {
            found = true;
        }
    }
    seen.messages += sent;
    asked->reply(seen);
}

// A way from the origin to the target, along edges of the grid. Every edge leads away from the origin: there is no
// circle.
bool is_right(const grid& over, const std::vector<std::uint32_t>& parents) {
    if (parents.size() != over.size()) return false;
    for (std::uint32_t node = 0; node < over.size(); ++node)
        if (parents[node] != nobody && (parents[node] >= over.size() || !over.leads(parents[node], node))) return false;
    std::uint32_t at = over.target();
    while (at != 0 && parents[at] != nobody) at = parents[at];
    return at == 0;
}

std::uint32_t side_for(std::uint64_t scale) {
    std::uint32_t side = published_side;
    while (side > 5 && side * side * side * scale > published_side * published_side * published_side) --side;
    return side;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    // Room for the node that each message can be about, from every worker: none waits for the master while the master
    // waits for it.
    constexpr std::size_t room = std::size_t{64} << 20;
    bench::savina::wishes told;
    const auto code =
        bench::savina::listen("How long do 20 workers take to find a way through a grid?", std::move(arguments), told);
    if (code) co_return *code;

    const std::uint32_t side = side_for(told.scale);
    const std::int64_t start = bench::now_ns();
    const auto one = co_await troupe::spawn<master>({.mailbox = room});
    const outcome seen = co_await one.ask(search{side});
    co_await one.join();
    const std::int64_t took = bench::now_ns() - start;
    co_return bench::savina::report("astar", told, took, seen.messages, is_right(grid(side), seen.parents)) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
