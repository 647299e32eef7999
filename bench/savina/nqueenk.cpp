// Savina's N-queens, first K solutions: how long do 20 workers take to find all the ways to place 12 queens, when each
// hands what it has not searched itself back to the master, who deals it out again?
//
// 20 workers, 12 queens, threshold 4; K is above the number of solutions, so all of them are looked for. A worker that
// is given a board with fewer than 4 queens sends the master a board for each place of the next one; below that it
// searches by itself, and sends the master every solution. It ends when as much work is done as was sent. Scaled, the
// board is the largest with at most that share of the solutions.

#include <troupe/troupe.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../figure.hpp"
#include "savina.hpp"

namespace {

constexpr std::size_t workers = 20;
constexpr std::uint32_t threshold = 4;
constexpr std::array<std::uint64_t, 13> solutions = {1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2'680, 14'200};

// The first `placed` rows have a queen, each in the column that is told.
struct board {
    std::array<std::uint8_t, 16> columns;
    std::uint32_t size, placed;

    bool free(int column) const noexcept {
        const int row = static_cast<int>(placed);
        for (int other = 0; other < row; ++other) {
            const int apart = column - columns[static_cast<std::size_t>(other)];
            if (apart == 0 || apart == row - other || apart == other - row) return false;
        }
        return true;
    }
    board with(int column) const noexcept {
        board next = *this;
        next.columns[next.placed++] = static_cast<std::uint8_t>(column);
        return next;
    }
};
struct solved {
    board how;
};
struct done {};

struct outcome {
    std::uint64_t solutions = 0, messages = 0;
};
struct search {
    using reply = outcome;
    std::uint32_t size;
};
using master_address = troupe::actor<board, solved, done>;

void place_the_rest(const board& at, std::vector<board>& full) {
    if (at.placed == at.size) full.push_back(at);
    for (int column = 0; at.placed < at.size && column < static_cast<int>(at.size); ++column)
        if (at.free(column)) place_the_rest(at.with(column), full);
}

troupe::task<> worker(troupe::mailbox<board> inbox, master_address master) {
    while (const auto at = co_await inbox.receive()) {
        if (at->placed < threshold) {
            for (int column = 0; column < static_cast<int>(at->size); ++column)
                if (at->free(column)) co_await master.send(at->with(column));
        } else {
            std::vector<board> full;
            place_the_rest(*at, full);
            for (const board& one : full) co_await master.send(solved{one});
        }
        co_await master.send(done{});
    }
}

bool is_solution(const board& full) {
    board grown{{}, full.size, 0};
    while (grown.placed < full.size) {
        const int column = full.columns[grown.placed];
        if (column >= static_cast<int>(full.size) || !grown.free(column)) return false;
        grown = grown.with(column);
    }
    return true;
}

troupe::task<> master(troupe::mailbox<search, board, solved, done> inbox) {
    auto asked = co_await inbox.receive<search>();
    if (!asked) co_return;
    std::vector<troupe::actor<board>> crew;
    crew.reserve(workers);
    for (std::size_t i = 0; i < workers; ++i) crew.push_back(co_await troupe::spawn<worker>(inbox.address()));

    outcome seen;
    std::uint64_t sent = 0, completed = 0;
    co_await crew[sent++ % workers].send(board{{}, asked->size, 0});
    while (completed < sent) {
        const auto next = co_await inbox.receive();
        if (!next) co_return;
        ++seen.messages;
        if (const auto* more = std::get_if<board>(&*next)) {
            co_await crew[sent++ % workers].send(*more);
        } else if (const auto* found = std::get_if<solved>(&*next)) {
            if (is_solution(found->how)) ++seen.solutions;
        } else {
            ++completed;
        }
    }
    seen.messages += sent;
    asked->reply(seen);
}

std::uint32_t size_for(unsigned scale) {
    std::uint32_t size = 12;
    while (size > threshold && solutions[size] * scale > solutions[12]) --size;
    return size;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    // Room for all that the workers ever send: none waits for the master while the master waits for it.
    constexpr std::size_t room = std::size_t{4} << 20;
    bench::savina::wishes told;
    const auto code = bench::savina::listen("How long do 20 workers take to find all ways to place 12 queens?",
                                            std::move(arguments), told);
    if (code) co_return *code;

    const std::uint32_t size = size_for(told.scale);
    const std::int64_t start = bench::now_ns();
    const auto one = co_await troupe::spawn<master>({.mailbox = room});
    const outcome seen = co_await one.ask(search{size});
    co_await one.join();
    const std::int64_t took = bench::now_ns() - start;
    co_return bench::savina::report("nqueenk", told, took, seen.messages, seen.solutions == solutions[size]) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
