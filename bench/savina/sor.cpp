// Savina's successive over-relaxation: how long do 400 actors, each a cell of a grid of 20 x 20, take for 100 rounds in
// which every cell hears from its neighbours and tells them its new value?
//
// Cells are red and black, as on a chess board: the red ones begin, the black ones answer, with omega 1.25. Savina's
// two halves of the grid have a parent each; here the program is the parent of all. Every value says from which side it
// came, and they are added in that order, so that the outcome is, bit for bit, that of a loop over an array. Scaled,
// there are fewer rounds.

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

constexpr std::size_t length = 20, published_rounds = 100, sides = 4;
constexpr std::uint64_t seed = 10'101'010;
constexpr double omega = 1.25;

// Above, left, right, below: the opposite of side s is 3 - s.
constexpr std::array<std::pair<int, int>, sides> steps = {{{-1, 0}, {0, -1}, {0, 1}, {1, 0}}};

struct value {
    double number;
    std::uint64_t side;  // of the receiver
};
struct neighbour {
    std::uint64_t side;
    troupe::actor<value> cell;
};
struct links {
    std::vector<neighbour> neighbours;
};
struct result {
    using reply = double;
};

bool red(std::size_t cell) { return (cell / length + cell % length) % 2 == 0; }

// The index of the cell on that side; none is length * length.
std::size_t beside(std::size_t cell, std::size_t side) {
    const int row = static_cast<int>(cell / length) + steps[side].first;
    const int column = static_cast<int>(cell % length) + steps[side].second;
    constexpr int n = static_cast<int>(length);
    const bool inside = row >= 0 && row < n && column >= 0 && column < n;
    return inside ? static_cast<std::size_t>(row * n + column) : length * length;
}

double relaxed(double mine, const std::array<double, sides>& theirs) {
    return omega / 4 * (theirs[0] + theirs[1] + theirs[2] + theirs[3]) + (1 - omega) * mine;
}

using cell_mailbox = troupe::mailbox<links, value, result>;

troupe::task<> tell(const std::vector<neighbour>* neighbours, double mine) {
    for (const neighbour& each : *neighbours) co_await each.cell.send(value{mine, sides - 1 - each.side});
}

// Gives the new value. Nobody is a round ahead: for that a neighbour needs the value that is told after this.
troupe::task<double> hear(cell_mailbox* inbox, std::size_t neighbours, double mine) {
    std::array<double, sides> theirs{};
    for (std::size_t i = 0; i < neighbours; ++i) {
        const auto one = co_await inbox->receive<value>();
        if (one) theirs.at(one->side) = one->number;
    }
    co_return relaxed(mine, theirs);
}

troupe::task<> cell(cell_mailbox inbox, double mine, std::uint64_t starts, std::size_t rounds) {
    const auto linked = co_await inbox.receive<links>();
    if (!linked) co_return;
    const auto& neighbours = linked->neighbours;
    // What those who end last would tell nobody waits for.
    for (std::size_t round = 1; round <= rounds; ++round) {
        if (starts != 0) {
            co_await tell(&neighbours, mine);
            if (round < rounds) mine = co_await hear(&inbox, neighbours.size(), mine);
        } else {
            mine = co_await hear(&inbox, neighbours.size(), mine);
            if (round < rounds) co_await tell(&neighbours, mine);
        }
    }
    if (auto asked = co_await inbox.receive<result>()) asked->reply(mine);
}

std::vector<double> grid() {
    bench::savina::dice random(seed);
    std::vector<double> all(length * length);
    for (double& each : all) each = random.unit() * 1e-6;
    return all;
}

void relax(std::vector<double>& all, bool which) {
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (red(i) != which) continue;
        std::array<double, sides> theirs{};
        for (std::size_t side = 0; side < sides; ++side)
            if (const std::size_t other = beside(i, side); other < all.size()) theirs[side] = all[other];
        all[i] = relaxed(all[i], theirs);
    }
}

std::vector<double> expected(std::vector<double> all, std::size_t rounds) {
    for (std::size_t round = 1; round <= rounds; ++round) {
        relax(all, false);
        if (round < rounds) relax(all, true);
    }
    return all;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    bench::savina::wishes told;
    const auto code = bench::savina::listen("How long do 400 cells of a grid take for 100 rounds of over-relaxation?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const std::size_t rounds = std::max<std::size_t>(published_rounds / told.scale, 1);
    const std::vector<double> given = grid();
    const std::int64_t start = bench::now_ns();
    std::vector<troupe::actor<links, value, result>> cells;
    cells.reserve(given.size());
    for (std::size_t i = 0; i < given.size(); ++i)
        cells.push_back(co_await troupe::spawn<cell>(given[i], std::uint64_t{red(i)}, rounds));
    std::uint64_t messages = 2 * cells.size();
    for (std::size_t i = 0; i < cells.size(); ++i) {
        links mine;
        for (std::size_t side = 0; side < sides; ++side)
            if (const std::size_t other = beside(i, side); other < cells.size())
                mine.neighbours.push_back({side, cells[other]});
        messages += mine.neighbours.size() * (red(i) ? rounds : rounds - 1);
        co_await cells[i].send(mine);
    }
    std::vector<double> came;
    came.reserve(cells.size());
    for (const auto& one : cells) came.push_back(co_await one.ask(result{}));
    for (const auto& one : cells) co_await one.join();
    const std::int64_t took = bench::now_ns() - start;
    co_return bench::savina::report("sor", told, took, messages, came == expected(given, rounds)) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
