// Savina's banking: how long do transfers between 1,000 accounts take?
//
// A teller tells accounts to transfer an amount to another. The account asks the other to add it, handles nothing else
// until the answer has come, and tells the teller. Whoever is asked stands behind whoever asks, so that no circle of
// accounts waits for itself. The time is from the first transfer until the last one was told to the teller. Each
// account must hold what the teller's books say; so no money is lost or made.
//
// The published number is 50,000 transfers. Runs scaled by 10, with 5,000: nearly every message wakes a process, and
// goes to one that its sender has never rung before.

#include <troupe/troupe.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_transfers = 50'000, usual_scale = 10, accounts = 1'000;
constexpr std::uint64_t messages_a_transfer = 4;  // told, asked, answered, told to the teller
constexpr std::int64_t first_balance = 1'000'000, most_transferred = 1'000;
constexpr std::size_t small_mailbox = std::size_t{64} << 10;  // an account's: about 60 transfers
constexpr std::size_t large_mailbox = std::size_t{4} << 20;   // the teller's: it reads when it has told all

struct transferred {};
struct add {
    using reply = std::int64_t;  // the amount
    std::int64_t amount;
};
struct transfer {
    std::int64_t amount;
    troupe::actor<add> to;
};
struct balance {
    using reply = std::int64_t;
};

troupe::task<> account(troupe::mailbox<transfer, add, balance> inbox, troupe::actor<transferred> teller) {
    std::int64_t holds = first_balance;
    co_await inbox.serve(
        [&](transfer m) -> troupe::task<> {
            holds -= m.amount;
            co_await m.to.ask(add{m.amount});
            co_await teller.send(transferred{});
        },
        [&](add m) {
            holds += m.amount;
            return m.amount;
        },
        [&](balance) { return holds; });
}

using customers = std::vector<troupe::actor<transfer, add, balance>>;

// Asked before the first transfer, it also sees to it that no account meets its memory for the first time in one.
troupe::task<bool> agrees(customers bank, std::vector<std::int64_t> books) {
    bool right = true;
    for (std::size_t i = 0; i < accounts; ++i) {
        const std::int64_t holds = co_await bank[i].ask(balance{});
        right = right && holds == books[i];
    }
    co_return right;
}

troupe::task<int> master(troupe::mailbox<transferred> inbox, bench::savina::wishes told) {
    const unsigned transfers = scaled(published_transfers, told);
    customers bank;
    bank.reserve(accounts);
    for (unsigned i = 0; i < accounts; ++i)
        bank.push_back(co_await troupe::spawn<account>({.mailbox = small_mailbox}, inbox.address()));

    std::mt19937 random(accounts + transfers);
    std::vector<std::int64_t> books(accounts, first_balance);
    bool right = co_await agrees(bank, books);
    const std::int64_t start = bench::now_ns();
    for (unsigned i = 0; i < transfers; ++i) {
        const std::size_t from = random() % (accounts / 10 * 8);
        const std::size_t to = from + 1 + random() % (accounts - from - 1);
        const std::int64_t amount = static_cast<std::int64_t>(random()) % most_transferred;
        books[from] -= amount;
        books[to] += amount;
        co_await bank[from].send(transfer{amount, bank[to]});
    }
    for (unsigned i = 0; i < transfers; ++i)
        if (!co_await inbox.receive()) co_return 1;
    const std::int64_t took = bench::now_ns() - start;

    right = co_await agrees(bank, books) && right;
    right = co_await bench::savina::dismiss(bank) && right;
    co_return report("banking", told, took, messages_a_transfer * transfers, right) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<master>("How long do transfers between 1,000 accounts take?", std::move(arguments),
                                       {.scale = usual_scale}, {.mailbox = large_mailbox});
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
