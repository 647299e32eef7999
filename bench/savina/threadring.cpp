// Savina's thread ring: how long does a token take for 100,000 hops around a ring of 100 actors?
//
// The time is from the token's first send until the actor at which it ran out has told so. Each actor must have seen it
// in its turn and no other: with the hops that are left then, which fall by 100 a lap.

#include <troupe/troupe.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../figure.hpp"
#include "play.hpp"

namespace {

constexpr unsigned published_hops = 100'000, actors = 100;

struct token {
    std::uint64_t hops_left;
};
struct neighbour {
    troupe::actor<token> next;
};
struct finished {};

struct record {
    std::uint64_t seen = 0, out_of_turn = 0;
};
struct recall {
    using reply = record;
};

// `first`: the hops that are left when the token comes for the first time.
troupe::task<> member(troupe::mailbox<neighbour, token, recall> inbox, troupe::actor<finished> master,
                      std::uint64_t first) {
    troupe::actor<token> next;
    record mine;
    co_await inbox.serve([&](neighbour m) { next = m.next; },
                         [&](token m) -> troupe::task<> {
                             if (m.hops_left + mine.seen * actors != first) ++mine.out_of_turn;
                             ++mine.seen;
                             if (m.hops_left > 0) {
                                 co_await next.send(token{m.hops_left - 1});
                             } else {
                                 co_await master.send(finished{});
                             }
                         },
                         [&](recall) { return mine; });
}

troupe::task<int> master(troupe::mailbox<finished> inbox, bench::savina::wishes told) {
    const std::uint64_t hops = scaled(published_hops, told);
    std::vector<troupe::actor<neighbour, token, recall>> ring;
    ring.reserve(actors);
    for (std::uint64_t i = 0; i < actors; ++i)
        ring.push_back(co_await troupe::spawn<member>(inbox.address(), hops - i));
    for (std::size_t i = 0; i < actors; ++i) co_await ring[i].send(neighbour{ring[(i + 1) % actors]});

    const std::int64_t start = bench::now_ns();
    co_await ring[0].send(token{hops});
    if (!co_await inbox.receive()) co_return 1;
    const std::int64_t took = bench::now_ns() - start;

    bool right = true;
    std::uint64_t seen = 0;
    for (const auto& one : ring) {
        const record its = co_await one.ask(recall{});
        right = right && its.out_of_turn == 0;
        seen += its.seen;
    }
    right = co_await bench::savina::dismiss(ring) && right;
    co_return report("threadring", told, took, hops, right && seen == hops + 1) ? 0 : 1;
}

troupe::task<int> program(std::vector<std::string> arguments) {
    return bench::savina::play<master>("How long does a token take for 100,000 hops around a ring of 100 actors?",
                                       std::move(arguments));
}

}  // namespace

int main(int argc, char** argv) { return troupe::run<program>(argc, argv); }
